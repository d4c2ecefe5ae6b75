import Core
import Logging
import Storage
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import ChangeLog

/// A follower against a real store: each change once, whatever fails, and nobody waits for ever.
@Suite(.timeLimit(.minutes(5))) struct FollowerTests {
    private static let quick = FollowerStateMachine(shortestPause: .milliseconds(1), longestPause: .milliseconds(4))

    private func follower(_ projection: CountingProjection, _ store: TestStore, batch: String = "7") throws -> Follower
    {
        let settings = try SettingsRegistry(ChangeLogSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["change_log.follower_batch": batch])
        ])
        return Follower(
            projection, of: store.log, settings: settings, metrics: store.metrics, logger: Logger(label: "test"),
            machine: Self.quick)
    }

    /// Runs a follower while the closure runs, then stops it.
    private func running(_ follower: Follower, _ body: () async throws -> Void) async throws {
        let task = Task { try await follower.run() }
        defer { task.cancel() }
        try await body()
        task.cancel()
        try await task.value
    }

    @Test(arguments: TestStore.Engine.allCases)
    func everyChangeIsAppliedOnceWhateverFails(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [CountingProjection.schema])
        let faults = (0..<10).flatMap { _ in CountingProjection.Fault.allCases }
        let projection = CountingProjection(store.database, faults: faults)
        let follower = try follower(projection, store)
        try await running(follower) {
            for _ in 0..<40 { try await store.append("order", 10) }
            try await follower.waitUntil(position: LogPosition(400), atMost: .seconds(120))
        }
        let sightings = try await projection.sightings()
        #expect(projection.faultsLeft == 0)
        #expect(sightings.map(\.position) == Array(1...400))
        #expect(sightings.allSatisfy { $0.times == 1 })
        #expect(store.metrics.counter("follower_failures_total", "").with("counting").value == 30)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aNewFollowerGoesOnWhereTheOldOneStopped(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [CountingProjection.schema])
        for round in 1...3 {
            let projection = CountingProjection(store.database)
            let follower = try follower(projection, store)
            let last = try await store.append("order", 20)
            try await running(follower) { try await follower.waitUntil(position: last, atMost: .seconds(120)) }
            let sightings = try await projection.sightings()
            #expect(sightings.count == round * 20)
            #expect(sightings.allSatisfy { $0.times == 1 })
        }
        let saved = try await store.database.read { try ChangeLog.followers(in: $0) }
        #expect(saved.map(\.name) == ["counting"])
        #expect(saved.first?.position == LogPosition(60))
    }

    /// Whoever looks at the projection between two batches sees all of a unit of work or nothing.
    @Test(arguments: [nil, ["order", "product"]])
    func noUnitOfWorkIsDivided(types: Set<String>?) async throws {
        var random = SeededRandom.fresh()
        let store = try await TestStore(schemas: [CountingProjection.schema])
        var units: [ClosedRange<Int64>] = []
        for size in [1, 6, 7, 8, 1_500] + (0..<40).map({ _ in Int.random(in: 1...20, using: &random) }) {
            let type = ["order", "product", "note"].randomElement(using: &random) ?? "order"
            let last = try await store.append(type, size).value
            if types?.contains(type) ?? true { units.append((last - Int64(size) + 1)...last) }
        }
        let projection = CountingProjection(store.database, types: types)
        let follower = try follower(projection, store)
        let head = store.log.head
        try await running(follower) { try await follower.waitUntil(position: head, atMost: .seconds(120)) }
        let batches = projection.batches.withLock { $0 }.filter { !$0.isEmpty }.map { $0.map(\.value) }
        #expect(batches.joined().elementsEqual(units.joined()), "\(random)")
        for unit in units {
            let places = Set(unit.compactMap { position in batches.firstIndex { $0.contains(position) } })
            #expect(places.count == 1, "\(unit) is divided, \(random)")
        }
        #expect(batches.count > units.count / 4, "units are kept apart")
    }

    @Test func onlyTheTypesOfTheProjectionAreApplied() async throws {
        let store = try await TestStore(schemas: [CountingProjection.schema])
        let projection = CountingProjection(store.database, types: ["product"])
        let follower = try follower(projection, store)
        try await running(follower) {
            try await store.append("order", 3)
            try await store.append("product", 2)
            let last = try await store.append("order", 3)
            try await follower.waitUntil(position: last, atMost: .seconds(120))
        }
        #expect(try await projection.sightings().map(\.position) == [4, 5])
    }

    @Test func aProjectionBehindTheLogIsRebuilt() async throws {
        let store = try await TestStore(schemas: [CountingProjection.schema])
        try await store.append("order", 10)
        _ = try await store.database.write { transaction in
            try transaction.execute("DELETE FROM changes WHERE position <= 5")
            try transaction.execute("UPDATE change_log_start SET position = 5")
        }
        let projection = CountingProjection(store.database)
        let follower = try follower(projection, store)
        try await running(follower) {
            try await follower.waitUntil(position: LogPosition(10), atMost: .seconds(120))
            try await store.append("order", 2)
            try await follower.waitUntil(position: LogPosition(12), atMost: .seconds(120))
        }
        #expect(projection.rebuilds.withLock { $0 } == 1)
        #expect(try await projection.sightings().map(\.position) == [11, 12])
    }

    @Test func aProjectionAheadOfTheLogIsRebuilt() async throws {
        let store = try await TestStore(schemas: [CountingProjection.schema])
        try await store.append("order", 3)
        let projection = CountingProjection(store.database)
        try await projection.apply([], upTo: LogPosition(1_000))
        let follower = try follower(projection, store)
        try await running(follower) {
            try await follower.waitUntil(position: LogPosition(3), atMost: .seconds(120))
            #expect(follower.position == LogPosition(3))
        }
        #expect(projection.rebuilds.withLock { $0 } == 1)
    }

    @Test func aFailingProjectionHoldsBackNobodyElse() async throws {
        let store = try await TestStore(schemas: [CountingProjection.schema])
        let stuck = try follower(
            CountingProjection(
                store.database, faults: Array(repeating: .beforeTransaction, count: 100_000)), store)
        let other = Follower(
            EmptyProjection(), of: store.log, metrics: store.metrics, logger: Logger(label: "test"))
        try await running(stuck) {
            try await running(other) {
                let last = try await store.append("order", 5)
                try await other.waitUntil(position: last, atMost: .seconds(120))
            }
        }
        #expect(stuck.position == .start)
        #expect(stuck.lag == 5)
    }

    @Test func waitingForAPositionThatDoesNotComeFailsWithinItsTime() async throws {
        let store = try await TestStore(schemas: [CountingProjection.schema])
        let follower = try follower(CountingProjection(store.database), store)
        let start = ContinuousClock.now
        let failure = await #expect(throws: Failure.self) {
            try await follower.waitUntil(position: LogPosition(1), atMost: .milliseconds(20))
        }
        #expect(failure?.code == "position_not_reached")
        #expect(failure?.kind == .unavailable)
        #expect(ContinuousClock.now - start >= .milliseconds(20))
    }

    @Test(arguments: [1, 50]) func theBatchSettingMovesTheBatchMetric(batch: Int) async throws {
        let store = try await TestStore(schemas: [CountingProjection.schema])
        for _ in 0..<100 { try await store.append("order", 1) }
        let last = store.log.head
        let follower = try follower(CountingProjection(store.database), store, batch: "\(batch)")
        try await running(follower) { try await follower.waitUntil(position: last, atMost: .seconds(120)) }
        let sizes = store.metrics.histogram("follower_batch_size", "").with("counting")
        #expect(sizes.distribution.sum == 100)
        #expect(sizes.distribution.count == 100 / batch)
    }
}

/// A projection that keeps nothing but its position.
private final class EmptyProjection: Projection {
    let name = "empty"
    private let applied = Mutex(LogPosition.start)

    func position() async throws -> LogPosition? { applied.withLock { $0 } }
    func apply(_ changes: [Change], upTo position: LogPosition) async throws { applied.withLock { $0 = position } }
    func rebuild() async throws {}
}
