import Core
import TestKit
import Testing

@Suite struct IdentifierTests {
    /// The example of RFC 9562, appendix A.6.
    private let example = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

    @Test func readsAndWritesTheTextOfTheStandard() {
        let identifier = Identifier(example)
        #expect(identifier?.high == 0x017F_22E2_79B0_7CC3)
        #expect(identifier?.low == 0x98C4_DC0C_0C07_398F)
        #expect(identifier?.description == example)
        #expect(Identifier(example.uppercased()) == identifier)
        // The example was made on 2022-02-22 at 14:22:22 in UTC-5.
        #expect(identifier?.time == Timestamp("2022-02-22T14:22:22-05:00"))
    }

    @Test(arguments: [
        "", "017f22e2", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "017f22e2-79b0-7cc3-98c4dc0c-0c07398f",
        "g17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c0739８",
        "017f22e2--9b0-7cc3-98c4-dc0c0c07398f",
    ])
    func refusesOtherTexts(text: String) {
        #expect(Identifier(text) == nil)
    }

    @Test func bytesAreInNetworkOrderAndReadBack() throws {
        let identifier = try #require(Identifier(example))
        let bytes = withUnsafeBytes(of: identifier.bytes) { Array($0) }
        #expect(bytes == [1, 0x7F, 0x22, 0xE2, 0x79, 0xB0, 0x7C, 0xC3, 0x98, 0xC4, 0xDC, 0x0C, 0x0C, 7, 0x39, 0x8F])
        #expect(bytes.withUnsafeBytes { Identifier(bytes: $0) } == identifier)
        #expect(bytes.dropLast().withUnsafeBytes { Identifier(bytes: $0) } == nil)
        #expect((bytes + [0]).withUnsafeBytes { Identifier(bytes: $0) } == nil)
    }

    @Test func orderIsTheSameInValuesTextAndBytes() {
        var random = SeededRandom.fresh()
        let identifiers = (0..<500).map { _ in
            Identifier(high: .random(in: 0...3, using: &random) << 62, low: .random(in: .min ... .max, using: &random))
        }
        let sorted = identifiers.sorted()
        #expect(sorted.map(\.description) == identifiers.map(\.description).sorted(), "\(random)")
        let bytes = sorted.map { identifier in withUnsafeBytes(of: identifier.bytes) { Array($0) } }
        #expect(zip(bytes, bytes.dropFirst()).allSatisfy { !$1.lexicographicallyPrecedes($0) }, "\(random)")
    }

    @Test func theLowestOfAMillisecondIsNotAboveAnyOfIt() throws {
        let now = try #require(Timestamp("2026-11-21T09:30:00.123456Z"))
        let made = IdentifierGenerator().next(at: now)
        #expect(Identifier(lowestAt: now) <= made)
        #expect(Identifier(lowestAt: Timestamp(microseconds: now.microseconds + 1_000)) > made)
        #expect(made.time == Timestamp("2026-11-21T09:30:00.123Z"))
    }
}

@Suite struct IdentifierGeneratorTests {
    private let now = Timestamp(microseconds: 1_767_225_600_000_000)

    @Test func identifiersHaveVersionSevenAndItsVariant() {
        let generator = IdentifierGenerator()
        for _ in 0..<1_000 {
            let identifier = generator.next(at: now)
            #expect(identifier.high >> 12 & 0xF == 7)
            #expect(identifier.low >> 62 == 0b10)
        }
    }

    @Test func identifiersAscendWithinAMillisecondBeyondItsCounter() {
        let generator = IdentifierGenerator()
        let made = (0..<10_000).map { _ in generator.next(at: now) }
        #expect(zip(made, made.dropFirst()).allSatisfy { $0 < $1 })
        // 4,096 fit a millisecond, so the last of 10,000 borrowed from the next but one.
        #expect(made[0].time == now)
        #expect(made[9_999].time == Timestamp(microseconds: now.microseconds + 2_000))
    }

    @Test func identifiersAscendWhenTheClockStepsBack() {
        let generator = IdentifierGenerator()
        var last = generator.next(at: now)
        for step in [-1, -1_000, -3_600_000_000, 1, 999, 1_000, -5] {
            let next = generator.next(at: Timestamp(microseconds: now.microseconds + Int64(step)))
            #expect(next > last)
            last = next
        }
        #expect(generator.next(at: Timestamp(microseconds: -5)) > last)
    }

    @Test func concurrentCallersGetIdentifiersThatDifferAndAscendForEach() async {
        let generator = IdentifierGenerator()
        let now = now
        let runs = await withTaskGroup(of: [Identifier].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<5_000).map { _ in generator.next(at: now) } }
            }
            return await group.reduce(into: [[Identifier]]()) { $0.append($1) }
        }
        #expect(runs.allSatisfy { run in zip(run, run.dropFirst()).allSatisfy { $0 < $1 } })
        #expect(Set(runs.joined().map(\.high)).count == 40_000)
    }
}
