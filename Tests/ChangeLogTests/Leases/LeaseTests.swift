import Core
import Dispatch
import Logging
import Storage
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import ChangeLog

/// Instances that hold leases in a real database. The clock of the database is one that the test moves.
@Suite(.timeLimit(.minutes(5))) struct LeaseTests {
    /// One instance of a server with a lease, whose work waits until it is cancelled and says so.
    private struct Instance {
        enum Step: Equatable { case began(Int64), ended }

        let lease: Lease
        let metrics = MetricsRegistry()
        let steps: AsyncStream<Step>
        private let task: Task<Void, Never>

        init(_ store: TestStore, seconds: Int = 3, time: (any TimeSource)? = nil) throws {
            let settings = try SettingsRegistry(LeaseSettings.all).values(from: [
                SettingsSource(name: "test", texts: ["leases.duration": "\(seconds)"])
            ])
            let time = time ?? store.time
            let lease = Lease(
                "work", of: store.log, settings: settings, metrics: metrics, logger: Logger(label: "test")
            ) { "\(time.now())" }
            self.lease = lease
            let (steps, continuation) = AsyncStream.makeStream(of: Step.self)
            self.steps = steps
            task = Task {
                await lease.hold { grant in
                    continuation.yield(.began(grant.token))
                    // Only a cancellation ends it.
                    try? await Task.sleep(for: .seconds(3_600))
                    continuation.yield(.ended)
                }
                continuation.finish()
            }
        }

        func next() async -> Step? {
            for await step in steps { return step }
            return nil
        }

        /// Stops it as the end of a process does, and returns when it has given back what it had.
        func stop() async {
            task.cancel()
            await task.value
        }

        var held: Double { metrics.gauge("lease_held", "", labels: ["lease"]).with("work").value }
        var acquisitions: Int {
            metrics.counter("lease_acquisitions_total", "", labels: ["lease"]).with("work").value
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoStopsGivesItBackAndTheOtherTakesItAtOnce(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        let first = try Instance(store)
        #expect(await first.next() == .began(1))
        #expect(first.held == 1)
        let second = try Instance(store)
        await first.stop()
        #expect(first.held == 0)
        // The clock of the database stands, so nothing expires.
        #expect(await second.next() == .began(2))
        #expect(second.held == 1)
        #expect(first.acquisitions == 1 && second.acquisitions == 1)
        await second.stop()
        let expiry = try await store.database.read { try $0.first("SELECT expires_at FROM leases") { $0.integer(0) } }
        #expect(expiry == 0)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func itIsTakenFromWhoIsGoneOnceItHasExpired(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        let gone = LeaseRow(name: "work", holder: "gone")
        let now = store.time.now()
        _ = try await store.database.write { try gone.acquire(for: .seconds(15), now: "\(now)", in: $0) }
        let second = try Instance(store)
        store.time.advance(bySeconds: 15)
        #expect(await second.next() == .began(2))
        await second.stop()
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoLosesItStopsAtTheNextRenewal(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        let first = try Instance(store)
        #expect(await first.next() == .began(1))
        store.time.advance(bySeconds: 3)
        let other = LeaseRow(name: "work", holder: "other")
        let now = store.time.now()
        let token = try await store.database.write { try other.acquire(for: .seconds(15), now: "\(now)", in: $0) }
        #expect(token == 2)
        #expect(await first.next() == .ended)
        try await store.database.write { try other.release(2, in: $0) }
        #expect(await first.next() == .began(3))
        await first.stop()
    }

    /// A transaction keeps the row, so no renewal is answered.
    @Test(arguments: TestStore.Engine.allCases)
    func whoGetsNoAnswerStopsByItsOwnClock(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        let first = try Instance(store)
        #expect(await first.next() == .began(1))
        let mayEnd = DispatchSemaphore(value: 0)
        let blocking = Task {
            try await store.database.write { transaction in
                try transaction.execute("UPDATE leases SET name = name")
                return mayEnd.wait(timeout: .now() + 30) == .success
            }
        }
        #expect(await first.next() == .ended)
        mayEnd.signal()
        // It stopped while the transaction was still there.
        #expect(try await blocking.value)
        #expect(await first.next() == .began(2))
        await first.stop()
    }

    /// A longer lease is kept longer: of two instances whose predecessor was last seen four seconds ago, only the one
    /// that grants three takes over.
    @Test(arguments: [(3, Int64(2)), (300, nil)])
    func theDurationMovesTheAcquisitions(seconds: Int, token: Int64?) async throws {
        let store = try await TestStore()
        let first = try Instance(store, seconds: seconds)
        #expect(await first.next() == .began(1))
        let moment = store.time.now().advanced(bySeconds: 4)
        let second = LeaseRow(name: "work", holder: "second")
        let taken = try await store.database.write { try second.acquire(for: .seconds(3), now: "\(moment)", in: $0) }
        #expect(taken == token)
        if taken != nil {
            #expect(await first.next() == .ended)
            try await store.database.write { try second.release(2, in: $0) }
            #expect(await first.next() == .began(3))
        }
        #expect(first.acquisitions == (taken == nil ? 1 : 2))
        await first.stop()
    }

    /// Passes come one after the other under one grant, a failure is tried again, and a lost lease ends the holding.
    @Test func passesGoOnUntilTheLeaseIsLost() async throws {
        let store = try await TestStore()
        let lease = Lease(
            "work", of: store.log, settings: .defaults, metrics: store.metrics, logger: Logger(label: "test"))
        let tokens = Mutex<[Int64]>([])
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            await lease.hold(resting: .milliseconds(1)) { grant in
                let count = tokens.withLock { tokens in
                    tokens.append(grant.token)
                    return tokens.count
                }
                switch count {
                case 1: return .more
                case 2: return .done
                case 3: throw Failure.internal("injected")
                case 4: throw Failure.leaseLost("work")
                default:
                    continuation.finish()
                    throw CancellationError()
                }
            }
        }
        for await _ in ended {}
        task.cancel()
        await task.value
        #expect(tokens.withLock { Array($0.prefix(5)) } == [1, 1, 1, 1, 2])
    }
}
