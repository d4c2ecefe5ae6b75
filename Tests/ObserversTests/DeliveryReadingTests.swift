import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Observers

/// What is read of the table of deliveries, where a lane has more of them than anybody wants at once.
@Suite(.timeLimit(.minutes(5))) struct DeliveryReadingTests {
    private static let channel = DeliveryChannelKey(observer: 1, action: 0)

    /// Puts a delivery for each of those positions into the table.
    private func insert(
        _ positions: [Int64], lane: Int64, state: Delivery.State = .waiting, attempts: Int = 0, into store: TestStore
    ) async throws {
        let now = store.time.now()
        _ = try await store.database.write { transaction in
            for position in positions {
                try transaction.execute(
                    """
                    INSERT INTO deliveries (observer, action, position, replay, tenant, lane, partition, state,
                        attempts, due_at, event_at, updated_at)
                    VALUES (1, 0, \(position), 0, 1, \(lane), 1, \(state.rawValue), \(attempts), 0, \(now), \(now))
                    """)
            }
        }
    }

    private func due(
        _ store: TestStore, from mark: DeliveryMark = DeliveryMark(), refilling lanes: Set<Int64> = []
    ) async throws -> (positions: [Int64], mark: DeliveryMark) {
        let now = store.time.now()
        let due = try await store.database.read { transaction in
            try DeliveryStore.due(
                Self.channel, at: now, partitions: nil, limit: 16, laneLimit: 4, from: mark, refilling: lanes,
                in: transaction)
        }
        return (due.deliveries.map(\.key.position.value), due.mark)
    }

    private func place(_ position: Int64) -> DeliveryMark.Place {
        DeliveryMark.Place(position: LogPosition(position), replay: 0)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aLongBacklogIsPassedOverOnce(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        try await insert(Array(1...300), lane: 7, into: store)
        try await insert([301, 302], lane: 8, into: store)
        try await insert(Array(303...600), lane: 7, into: store)
        let first = try await due(store)
        #expect(first.positions == [1, 2, 3, 4, 301, 302])
        #expect(first.mark == DeliveryMark(end: place(600), cutLanes: [7: place(5)]))
        // Whoever went through the backlog again would find this one.
        _ = try await store.database.write { transaction in
            try transaction.execute("UPDATE deliveries SET lane = 9 WHERE position = 150")
        }
        #expect(try await due(store, from: first.mark).positions.isEmpty)
        try await insert([601], lane: 8, into: store)
        try await insert([602], lane: 7, into: store)
        let second = try await due(store, from: first.mark)
        #expect(second.positions == [601])
        #expect(second.mark == DeliveryMark(end: place(602), cutLanes: [7: place(5)]))
        // Who begins from the start finds it.
        #expect(try await due(store).positions == [1, 2, 3, 4, 150, 301, 302, 601])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aLaneIsReadOnFromWhereItWasCut(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        try await insert(Array(1...10), lane: 7, into: store)
        try await insert(Array(11...20), lane: 8, into: store)
        var read = try await due(store)
        #expect(read.positions == [1, 2, 3, 4, 11, 12, 13, 14])
        try await insert([21], lane: 8, into: store)
        var found: [Int64] = []
        for _ in 0..<3 {
            read = try await due(store, from: read.mark, refilling: [8])
            found += read.positions
        }
        #expect(found == [15, 16, 17, 18, 19, 20, 21])
        #expect(read.mark == DeliveryMark(end: place(21), cutLanes: [7: place(5)]))
    }

    /// The first attempt may have failed before anybody could ask the condition.
    @Test(arguments: TestStore.Engine.allCases)
    func whatWasNotDecidedIsAskedAtEachAttempt(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        try await insert([1, 2], lane: 7, state: .retrying, attempts: 1, into: store)
        let now = store.time.now()
        let read = try await store.database.write { transaction in
            for (position, reason) in [(1, "lookup_failed"), (2, "http_500")] as [(Int64, String)] {
                try transaction.execute(
                    """
                    INSERT INTO dead_letters (observer, action, position, replay, tenant, event, reason, message,
                        attempts, created_at, retried)
                    VALUES (1, 0, \(position), 0, 1, 'null', \(reason), '', 1, \(now), 1)
                    """)
            }
            return try DeliveryStore.due(
                Self.channel, at: now, partitions: nil, limit: 16, laneLimit: 4, in: transaction
            ).deliveries
        }
        #expect(
            Dictionary(uniqueKeysWithValues: read.map { ($0.key.position.value, $0.isUndecided) }) == [
                1: true, 2: false,
            ])
    }

    /// A receiver that wants no more gets it when its observer is resumed, and then nothing is left of the dead letter.
    @Test(arguments: TestStore.Engine.allCases)
    func aDeadLetterThatWaitsForItsObserverIsStillKnownAsOne(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        try await insert([1], lane: 7, state: .retrying, into: store)
        let now = store.time.now()
        let left = try await store.database.write { transaction in
            try transaction.execute(
                """
                INSERT INTO dead_letters (observer, action, position, replay, tenant, event, reason, message, attempts,
                    created_at, retried)
                VALUES (1, 0, 1, 0, 1, 'null', 'http_500', '', 1, \(now), 1)
                """)
            let gone = DeliveryFailure(reason: "http_410", message: "", isGone: true)
            for failure in [gone, nil] {
                let delivery = try #require(
                    DeliveryStore.due(
                        Self.channel, at: now, partitions: nil, limit: 16, laneLimit: 4, in: transaction
                    ).deliveries.first)
                #expect(delivery.isRevived)
                let result = OutcomeRecorder.Result(
                    delivery: delivery, outcome: failure.map { .failed($0) } ?? .delivered, retry: RetryPolicy(),
                    onFailure: .deadLetter, at: now)
                let attempts = delivery.attempts + 1
                let decision =
                    failure.map {
                        DeliveryDecision(
                            $0, attempts: attempts, retry: result.retry, onFailure: result.onFailure, at: now, share: 0)
                    } ?? DeliveryDecision(delivered: attempts)
                try DeliveryOutcomes.store(decision, of: result, in: transaction)
            }
            return try transaction.rows("SELECT position FROM dead_letters") { $0.integer(0) }
        }
        #expect(left.isEmpty)
    }
}
