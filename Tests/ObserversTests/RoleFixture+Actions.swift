import ChangeLog
import Core
import Storage
import TestKit

@testable import Observers

extension RoleFixture {
    /// Makes an observer of new orders that tries each of its actions twice.
    ///
    /// - parameter members: further members, each with a comma behind it.
    func act(_ actions: String..., members: String = "", name: String = "acting") async throws {
        try await observe(
            """
            {"name": "\(name)", "entity_types": ["order"], "operations": ["insert", "update"], \(members)
             "retry": {"strategy": "fixed", "initial_delay_ms": 5, "max_attempts": 2},
             "actions": [\(actions.joined(separator: ", "))]}
            """)
    }

    /// The identifier of the event that the test has made last.
    var lastEvent: String { "\(store.log.seen)" }

    /// What the ledger says of the deliveries of an event, once all of them are done: the state and the attempts of
    /// each, in the order of the actions.
    func outcomes(of event: String, _ count: Int = 1) async throws -> [String] {
        let position = Int64(event) ?? 0
        return try await eventually {
            try await store.database.read { transaction in
                try transaction.rows(
                    """
                    SELECT state, attempts FROM deliveries WHERE position = \(position) AND state IN (3, 4, 5)
                    ORDER BY observer, action
                    """
                ) { "\(Delivery.State(rawValue: $0.integer(0))?.name ?? "?") \($0.integer(1))" }
            }
        } until: {
            $0.count == count
        }
    }
}
