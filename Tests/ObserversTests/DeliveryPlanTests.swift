import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Observers

/// What is done costs those who deliver nothing: the queries that run all the time look at open deliveries only.
@Suite(.timeLimit(.minutes(5))) struct DeliveryPlanTests {
    private static let whose: SQL = "observer = \(1) AND action = \(0)"
    private static let plans: [(query: SQL, index: String)] = [
        ("SELECT 1 FROM deliveries WHERE \(whose) AND state = 0 LIMIT 1", "deliveries_waiting"),
        (
            "SELECT position FROM deliveries WHERE \(whose) AND state = 0 ORDER BY position, replay",
            "deliveries_waiting"
        ),
        (
            """
            SELECT position FROM deliveries WHERE \(whose) AND state = 0 AND lane NOT IN (\(7), \(8))
                AND position >= \(5) AND (position > \(5) OR replay > \(0)) ORDER BY position, replay
            """, "deliveries_waiting"
        ),
        (
            """
            SELECT position FROM deliveries WHERE \(whose) AND state = 0 AND lane = \(7) AND position >= \(5)
                AND (position > \(5) OR replay >= \(0)) AND position <= \(9) AND (position < \(9) OR replay <= \(0))
                ORDER BY position, replay LIMIT \(5)
            """, "deliveries_waiting"
        ),
        (
            "SELECT position FROM deliveries WHERE \(whose) AND state = 0 ORDER BY position DESC, replay DESC LIMIT 1",
            "deliveries_waiting"
        ),
        ("SELECT 1 FROM deliveries WHERE \(whose) AND state = 1 AND due_at <= \(5) LIMIT 1", "deliveries_retrying"),
        ("SELECT 1 FROM deliveries WHERE \(whose) AND state IN (1, 2) LIMIT 1", "deliveries_lanes"),
        ("SELECT MIN(position + 0) FROM deliveries WHERE \(whose) AND state IN (1, 2)", "deliveries_lanes"),
        (
            """
            UPDATE deliveries SET state = 0
            WHERE \(whose) AND lane = \(3) AND state IN (1, 2) AND state = 2 AND position >= \(7)
            """, "deliveries_lanes"
        ),
        (
            """
            SELECT 1 FROM deliveries e WHERE \(whose) AND e.lane = \(3) AND e.state IN (1, 2) AND e.state = 1
                AND (e.position < \(7) OR (e.position = \(7) AND e.replay < \(0)))
            """, "deliveries_lanes"
        ),
        (
            "SELECT position FROM deliveries WHERE state IN (3, 5) AND updated_at < \(5) ORDER BY updated_at",
            "deliveries_done"
        ),
    ]

    @Test func eachQueryUsesItsIndex() async throws {
        let store = try await TestStore(.sqlite, schemas: [ObserversSchema.schema])
        for (query, index) in Self.plans {
            let plan = try await store.database.write { transaction in
                try transaction.rows("EXPLAIN QUERY PLAN \(query)") { $0.text(3) }
            }
            #expect(plan.allSatisfy { $0.contains("INDEX \(index)") }, "\(query.text): \(plan)")
        }
    }
}
