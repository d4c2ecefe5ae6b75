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

    /// Makes many orders at once, with the totals from 1 on, so that they come to the observers together.
    func orders(_ count: Int, status: String = "new") async throws {
        _ = try await store.log.write(TestStore.context) { unit in
            for total in 1...count {
                let id = unit.makeIdentifier()
                try unit.recordInsert("order", id, after: Self.image(id, total, status))
            }
        }
    }

    /// Changes members of an observer.
    func patch(_ name: String, _ json: String) async throws {
        let members = JSONObject(try JSONParser.parse(Array(json.utf8)).members)
        _ = try await store.log.write(TestStore.context, isolation: .readCommitted) { [role] in
            try role.observers.update(.name(name), members, expecting: nil, in: $0)
        }
    }

    /// Runs statements on the tables.
    func change(by statements: [SQL]) async throws {
        _ = try await store.database.write { transaction in
            for statement in statements { _ = try transaction.execute(statement) }
        }
    }

    /// Has the database refuse whatever is to be put into a table.
    func refuse(insertionsInto table: SQL, _ engine: TestStore.Engine) async throws {
        let moment: SQL = "CREATE TRIGGER refuse BEFORE INSERT ON \(table)"
        switch engine {
        case .sqlite: try await change(by: ["\(moment) BEGIN SELECT RAISE(ABORT, 'refused'); END"])
        case .postgres:
            try await change(by: [
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$
                """, "\(moment) FOR EACH ROW EXECUTE FUNCTION refuse()",
            ])
        }
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
