import Core
import Expressions
import TestKit
import Testing

/// Compiled conditions say the same as the plainest evaluation.
@Suite struct ConditionAgreementTests {
    @Test func manyConditionsAgreeWithTheReference() throws {
        var generator = ReferenceGenerator(random: .fresh())
        let seed = "\(generator.random)"
        var answers: [String: Int] = [:]
        for _ in 0..<150 {
            let conditions = (0..<20).map { _ in generator.condition(depth: 3) }
            var set = ConditionSet(try conditions.map { try Condition(parsing: $0.text) })
            for _ in 0..<10 {
                let before = generator.object(depth: 3)
                let after = Int.random(in: 0..<3, using: &generator.random) == 0 ? before : generator.object(depth: 3)
                let scope = ReferenceScope(after: after, before: before)
                let event = EventFixture.event(
                    generator.text(after), before: generator.text(before), operation: "update")
                set.evaluate(event, now: EventFixture.time) { index, outcome in
                    let expected = conditions[index].answer(scope)
                    answers[expected, default: 0] += 1
                    #expect(
                        EventFixture.describe(outcome) == expected,
                        "\(conditions[index].text) on \(after) before \(before), \(seed)")
                }
            }
        }
        #expect(answers["true", default: 0] > 1000 && answers["false", default: 0] > 1000, "\(answers), \(seed)")
        #expect(answers["missing_field", default: 0] > 1000 && answers["wrong_kind", default: 0] > 100, "\(answers)")
        #expect(answers.keys.count == 4, "\(answers), \(seed)")
    }

    @Test func damagedImagesNeverEndTheProcess() throws {
        var generator = ReferenceGenerator(random: .fresh())
        let conditions = (0..<50).map { _ in generator.condition(depth: 3) }
        var set = ConditionSet(try conditions.map { try Condition(parsing: $0.text) })
        var malformed = 0
        for _ in 0..<3_000 {
            var event = EventFixture.event(
                generator.text(generator.object(depth: 3)), before: generator.text(generator.object(depth: 3)),
                operation: "update")
            for _ in 0..<Int.random(in: 1...4, using: &generator.random) {
                event.after = damage(event.after ?? [], &generator.random)
            }
            set.evaluate(event, now: EventFixture.time) { _, outcome in
                if EventFixture.describe(outcome) == "malformed_image" { malformed += 1 }
            }
        }
        #expect(malformed > 1000)
    }

    private func damage(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = bytes
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.removeSubrange(place...)
        case 1: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
        case 2 where place < bytes.count: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        default: bytes.removeSubrange(min(place, bytes.count)..<min(place + 3, bytes.count))
        }
        return bytes
    }
}
