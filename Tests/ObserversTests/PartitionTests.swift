import ChangeLog
import Core
import Foundation
import Storage
import TestKit
import Testing

@testable import Observers

@Suite struct PartitionHoldingTests {
    @Test func whoIsAloneHasEverything() {
        let holding = PartitionHolding(isAlone: true)
        #expect(holding.working(at: .zero) == nil)
        #expect(holding.matches(at: .zero))
    }

    @Test func holdingEndsBeforeTheDatabaseGivesItAway() {
        var holding = PartitionHolding(isAlone: false)
        #expect(holding.working(at: .zero) == [:])
        holding.update([0: 1, 3: 5], share: 17, asked: .seconds(10))
        #expect(holding.working(at: .seconds(12)) == [3: 5])
        #expect(holding.matches(at: .seconds(12)))
        #expect(holding.working(at: .milliseconds(12_700)) == [:])
        #expect(!holding.matches(at: .milliseconds(12_700)))
    }

    @Test func whatIsMoreThanTheShareIsSurrendered() {
        var holding = PartitionHolding(isAlone: false)
        holding.update([0: 1, 1: 1, 2: 1, 3: 1], share: 2, asked: .zero)
        #expect(holding.surrendering == [2, 3])
        #expect(holding.working(at: .zero) == [1: 1])
    }

    @Test func whatTurnsOutToBeLostIsNotWorkedInUntilItComesBack() {
        var holding = PartitionHolding(isAlone: false)
        holding.update([1: 4, 2: 4], share: 17, asked: .zero)
        holding.lose(1, token: 4)
        // Something older than what is held says nothing of it.
        holding.lose(2, token: 3)
        #expect(holding.working(at: .zero) == [2: 4])
        holding.update([1: 6, 2: 4], share: 17, asked: .zero)
        #expect(holding.working(at: .zero) == [1: 6, 2: 4])
    }

    @Test func theSharesOfAllAreEnoughForAll() {
        for count in 1...20 { #expect(PartitionHolding.share(of: count) * count >= 17) }
    }

    @Test func entitiesSpreadOverAllPartitions() {
        let generator = IdentifierGenerator()
        let now = Timestamp(microseconds: 1_767_225_600_000_000)
        let routes = (0..<2_000).map { _ in
            DeliveryRoute(.entity, observer: 1, entity: generator.next(at: now), position: LogPosition(1)).partition
        }
        let counts = Dictionary(grouping: routes) { $0 }.mapValues(\.count)
        #expect(Set(counts.keys) == Set(1...16))
        #expect(counts.values.allSatisfy { (60...200).contains($0) })
    }
}

/// Several instances on one database.
@Suite(.timeLimit(.minutes(5))) struct PartitionTableTests {
    private func beat(
        _ instance: String, _ store: TestStore, returning returned: Set<Int64> = [], at second: Int64 = 0
    ) async throws -> PartitionTable.Answer {
        let table = PartitionTable(instance: instance)
        return try await store.database.write(.readCommitted) { transaction in
            try table.heartbeat(returning: returned, now: "\(second * 1_000_000 + 1)", in: transaction)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theSecondGetsHalfOnceTheFirstGivesItBack(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        #expect(try await beat("a", store).tokens.count == 17)
        let second = try await beat("b", store)
        #expect(second.tokens.isEmpty)
        #expect(second.share == 9)
        let first = try await beat("a", store, returning: Set(9...16))
        #expect(first.tokens.keys.sorted() == Array(0...8))
        #expect(try await beat("b", store).tokens.keys.sorted() == Array(9...16))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoFallsSilentLosesEverythingAndIsRefused(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        let old = try await beat("a", store).tokens
        #expect(try await beat("b", store, at: 2).tokens.isEmpty)
        let new = try await beat("b", store, at: 4).tokens
        #expect(new.count == 17)
        #expect(new[5] == (old[5] ?? 0) + 1)
        let failure = await #expect(throws: Failure.self) {
            try await store.database.write(.readCommitted) { transaction in
                try PartitionTable(instance: "a").check([5: old[5] ?? 0], in: transaction)
            }
        }
        #expect(failure?.code == Failure.partitionLostCode)
        try await store.database.write(.readCommitted) { transaction in
            try PartitionTable(instance: "b").check([5: new[5] ?? 0], in: transaction)
        }
    }

    /// One that stands still in the middle of a transaction keeps its part for so long, and nobody waits for it.
    @Test func whoStandsStillInATransactionHoldsUpNoHeartbeat() async throws {
        let store = try await TestStore(.postgres, schemas: [ObserversSchema.schema])
        let first = try await beat("a", store)
        let (isOver, over) = (DispatchSemaphore(value: 0), AsyncStream.makeStream(of: Void.self))
        let still = Task {
            defer { over.continuation.finish() }
            try await store.database.write(.readCommitted) { transaction in
                try PartitionTable(instance: "a").check([5: first.tokens[5] ?? 0], in: transaction)
                over.continuation.finish()
                isOver.wait()
            }
        }
        for await _ in over.stream {}
        #expect(try await beat("a", store, at: 1).tokens.count == 17)
        #expect(try await beat("b", store, at: 5).tokens.keys.sorted() == Array(0...4) + Array(6...16))
        isOver.signal()
        try await still.value
        #expect(try await beat("b", store, at: 6).tokens.count == 17)
    }
}

/// Deliveries whose partition is with others by the time they end.
@Suite(.timeLimit(.minutes(5))) struct LostPartitionTests {
    /// The partition went away and came back while an attempt was under way: what others have written meanwhile stays.
    @Test func whatBeganBeforeThePartitionWentAwayIsNotWrittenDown() async throws {
        try await RoleFixture.run(.postgres, answering: { _ in .status(500, after: .seconds(2)) }) { fixture in
            try await fixture.observe(
                """
                {"name": "all", "retry": {"strategy": "fixed", "initial_delay_ms": 1, "max_attempts": 5},
                 "actions": [{"type": "webhook", "url": "\(fixture.receiver.url())"}]}
                """)
            try await fixture.order(50)
            try await fixture.receiver.waitForRequests(1)
            try await fixture.store.database.write { transaction in
                try transaction.execute("UPDATE observer_partitions SET token = token + 2")
                try transaction.execute("UPDATE deliveries SET state = 3, attempts = 1")
            }
            // The attempt ends after the instance has learnt its new tokens.
            try await Task.sleep(for: .seconds(4))
            let states = try await fixture.store.database.read {
                try $0.rows("SELECT state FROM deliveries") { $0.integer(0) }
            }
            #expect(states == [Delivery.State.delivered.rawValue])
            #expect(fixture.receiver.count == 1)
        }
    }
}
