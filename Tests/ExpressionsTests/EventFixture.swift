import Core
import Expressions

/// Events and evaluations for tests.
enum EventFixture {
    /// The time of all events, and what `now()` answers.
    static let time = Timestamp(microseconds: 1_800_000_000_000_000)

    /// An order with one of everything.
    static let order = #"""
        {"id": "o-1", "status": "shipped", "total_amount": "59.98", "count": 3, "rate": 0.50, "paid": true,
         "note": null,
         "shipping_address": {"country": "DE", "lines": ["Weg 1", "Hof"]}, "created_at": "2027-01-10T08:00:00Z",
         "items": [{"sku": "chai", "quantity": 2, "price": "18.00"}, {"sku": "tofu", "quantity": 7, "price": "3.14"}],
         "tags": ["new", "gift"], "empty": [], "name": "\u00c4pfel \"rot\"", "huge": 1234567890123456789012,
         "odd name": 1, "zero": 0, "text": "100% wool_ok"}
        """#

    static func event(
        _ after: String? = order, before: String? = nil, operation: String = "insert"
    ) -> EventDocument {
        EventDocument(
            id: "e-1", position: 42, entityType: "order", entityID: "o-1", operation: operation, time: time,
            actor: "key_1", requestID: nil, after: after.map { Array($0.utf8) }, before: before.map { Array($0.utf8) })
    }

    /// What a condition says of an event: "true", "false", or the code of its failure.
    static func answer(_ text: String, _ event: EventDocument = event()) throws -> String {
        var set = ConditionSet([try Condition(parsing: text)])
        var answer = "nothing"
        set.evaluate(event, now: time) { _, outcome in answer = describe(outcome) }
        return answer
    }

    static func describe(_ outcome: ConditionOutcome) -> String {
        switch outcome {
        case .matches: "true"
        case .differs: "false"
        case .failed(let failure): failure.code
        }
    }
}

extension ConditionSet {
    /// Evaluates all conditions for an event, and tells the place of each and what it says.
    mutating func evaluate(_ event: EventDocument, now: Timestamp, _ body: (Int, ConditionOutcome) -> Void) {
        load(event, now: now)
        for index in 0..<count { body(index, outcome(of: index)) }
    }
}
