import ChangeLog
import Core
import Logging
import Outbound
import Storage
import Telemetry
import TestKit
import Testing

@testable import Observers

/// What is forgotten, and what a server does where there is nothing to forget.
@Suite(.timeLimit(.minutes(5))) struct DeliverySweeperTests {
    /// Observers whose services do not run, but for a sweeper that goes through them when it is told.
    private struct Fixture {
        let store: TestStore
        let role: ObserverRole
        let sweeper: DeliverySweeper

        init(_ engine: TestStore.Engine) async throws {
            store = try await TestStore(engine, schemas: [ObserversSchema.schema])
            role = ObserverRole(
                store.log, .init(sender: try HTTPSender(metrics: store.metrics)), metrics: store.metrics,
                logger: Logger(label: "test"))
            sweeper = try #require(role.services.lazy.compactMap { $0 as? DeliverySweeper }.first)
        }

        /// How many transactions were committed.
        var commits: Int {
            Int(store.metrics.histogram("commit_duration_seconds", "").with().distribution.cumulativeCounts.last ?? 0)
        }

        func observe(_ json: String) async throws -> Observer {
            let definition = try role.observers.read(JSONParser.parse(Array(json.utf8)), of: .first)
            return try await store.log.write(TestStore.context, isolation: .readCommitted) { [role] in
                try role.observers.create(definition, in: $0)
            }.value
        }

        /// Puts a delivery into the ledger that changed last at a moment.
        func insert(
            _ observer: Observer, _ action: Int64, _ position: Int64, state: Int64, at moment: Timestamp
        ) async throws {
            _ = try await store.database.write { transaction in
                try transaction.execute(
                    """
                    INSERT INTO deliveries (observer, action, position, replay, tenant, lane, partition, state,
                        attempts, due_at, event_at, updated_at)
                    VALUES (\(observer.number), \(action), \(position), 0, 1, \(position), 1, \(state), 0, 0, 0,
                        \(moment))
                    """)
            }
        }

        /// The states of the deliveries of each action, by position.
        func states() async throws -> [String: [Int64]] {
            let rows = try await store.database.read { transaction in
                try transaction.rows("SELECT action, state FROM deliveries ORDER BY action, position") {
                    ("\($0.integer(0))", $0.integer(1))
                }
            }
            return Dictionary(rows.map { ($0.0, [$0.1]) }, uniquingKeysWith: +)
        }

        func kept() async throws -> LogPosition? {
            try await store.database.read { try ChangeLog.followers(in: $0).first?.position }
        }
    }

    private static let logging = #"{"name":"a","entity_types":["order"],"actions":[{"type":"log","message":"x"}]}"#

    /// Each commit waits for the disk, and wakes it where it sleeps.
    @Test(arguments: TestStore.Engine.allCases)
    func aServerWhereNothingHappensCommitsNothing(_ engine: TestStore.Engine) async throws {
        let fixture = try await Fixture(engine)
        let before = fixture.commits
        for _ in 0..<3 { try await fixture.sweeper.pass() }
        #expect(fixture.commits == before)
        let observer = try await fixture.observe(Self.logging)
        try await fixture.sweeper.pass()
        #expect(try await fixture.kept() != nil)
        let settled = fixture.commits
        for _ in 0..<3 { try await fixture.sweeper.pass() }
        #expect(fixture.commits == settled)
        // Without observers nobody needs the log any more.
        _ = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) { [role = fixture.role] in
            try role.observers.delete(.id(observer.id), expecting: nil, in: $0)
        }
        try await fixture.sweeper.pass()
        #expect(try await fixture.kept() == nil)
    }

    /// What is done is forgotten by the time when that was, also of actions that there are no more; what is among the
    /// dead letters is not.
    @Test(arguments: TestStore.Engine.allCases)
    func whatWasDoneLongAgoIsForgotten(_ engine: TestStore.Engine) async throws {
        let fixture = try await Fixture(engine)
        let observer = try await fixture.observe(Self.logging)
        let now = fixture.store.time.now()
        let old = now.advanced(bySeconds: -3_600 * 24 * 365)
        for (position, state) in [(1, 3), (2, 5), (3, 4)] as [(Int64, Int64)] {
            for action in 0...1 as ClosedRange<Int64> {
                try await fixture.insert(observer, action, position, state: state, at: old)
                try await fixture.insert(observer, action, position + 10, state: state, at: now)
            }
        }
        try await fixture.sweeper.pass()
        let left = try await fixture.store.database.read { transaction in
            try transaction.rows("SELECT position FROM deliveries ORDER BY action, position") { $0.integer(0) }
        }
        #expect(left == [3, 11, 12, 13, 3, 11, 12, 13])
    }

    /// A server that stops does not wait until all is forgotten.
    @Test(arguments: TestStore.Engine.allCases)
    func whoStopsSweepsNoMore(_ engine: TestStore.Engine) async throws {
        let fixture = try await Fixture(engine)
        let observer = try await fixture.observe(Self.logging)
        let old = fixture.store.time.now().advanced(bySeconds: -3_600 * 24 * 365)
        for position in 1...3 as ClosedRange<Int64> {
            try await fixture.insert(observer, 0, position, state: 3, at: old)
        }
        let sweeper = fixture.sweeper
        let sweeping = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await sweeper.pass()
        }
        await #expect(throws: CancellationError.self) { try await sweeping.value }
        #expect(try await fixture.states() == ["0": [3, 3, 3]])
    }

    /// Whoever takes an action out of an observer has nothing more delivered by it.
    @Test(arguments: TestStore.Engine.allCases)
    func whatARemovedActionHadToDeliverIsGivenUp(_ engine: TestStore.Engine) async throws {
        let fixture = try await Fixture(engine)
        let both = """
            {"name":"a","entity_types":["order"],"actions":[
                {"type":"log","name":"stays","message":"x"},{"type":"log","name":"goes","message":"y"}]}
            """
        let observer = try await fixture.observe(both)
        let now = fixture.store.time.now()
        for state in 0...4 as ClosedRange<Int64> {
            for action in 0...1 as ClosedRange<Int64> {
                try await fixture.insert(observer, action, state + 1, state: state, at: now)
            }
        }
        try await fixture.sweeper.pass()
        #expect(try await fixture.states() == ["0": [0, 1, 2, 3, 4], "1": [0, 1, 2, 3, 4]])
        let one = #"{"name":"a","entity_types":["order"],"actions":[{"type":"log","name":"stays","message":"x"}]}"#
        let definition = try fixture.role.observers.read(JSONParser.parse(Array(one.utf8)), of: .first)
        _ = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) { [role = fixture.role] in
            try role.observers.replace(.id(observer.id), definition, expecting: nil, in: $0)
        }
        try await fixture.sweeper.pass()
        #expect(try await fixture.states() == ["0": [0, 1, 2, 3, 4], "1": [5, 5, 5, 3, 4]])
        let reasons = try await fixture.store.database.read { transaction in
            try transaction.rows("SELECT failure FROM deliveries WHERE state = 5") { $0.optionalText(0) }
        }
        #expect(reasons.allSatisfy { $0?.contains("action_removed") == true })
    }
}
