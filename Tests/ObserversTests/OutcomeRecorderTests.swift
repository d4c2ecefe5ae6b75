import ChangeLog
import Core
import Logging
import Storage
import Telemetry
import TestKit
import Testing

@testable import Observers

/// What came of attempts takes effect once, and what cannot be written down keeps nobody waiting.
@Suite(.timeLimit(.minutes(5))) struct OutcomeRecorderTests {
    /// After the answer to a commit was lost, the same outcome is written again.
    @Test(arguments: TestStore.Engine.allCases)
    func aStatementRunsOnceHoweverOftenItsOutcomeIsWritten(_ engine: TestStore.Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let result = try await fixture.result(7, .execute(statement: "count", parameters: []))
            try await fixture.recording { recorder in
                #expect(await recorder.record(result)?.state == .delivered)
                #expect(await recorder.record(result) == nil)
            }
            #expect(try await fixture.number("SELECT total FROM counters") == 1)
        }
    }

    /// One that the database does not take counts as failed, and those that came with it are written all the same.
    @Test(arguments: TestStore.Engine.allCases)
    func anOutcomeThatIsRefusedHoldsUpNoOther(_ engine: TestStore.Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.refuse(position: 7, state: .delivered)
            let states = try await fixture.record([6, 7, 8])
            #expect(states == [.delivered, .dead, .delivered])
            #expect(fixture.refused == 1)
            #expect(try await fixture.number("SELECT COUNT(*) FROM dead_letters WHERE reason = 'outcome_refused'") == 1)
        }
    }

    /// Nor can it be among the dead letters: then the delivery is given up altogether.
    @Test(arguments: TestStore.Engine.allCases)
    func anOutcomeThatCanOnlyBeDroppedIsDropped(_ engine: TestStore.Engine) async throws {
        try await Fixture.run(engine) { fixture in
            try await fixture.refuse(position: 7, state: .delivered)
            try await fixture.refuse(position: 7, state: .dead)
            #expect(try await fixture.record([6, 7, 8]) == [.delivered, .dropped, .delivered])
            #expect(fixture.refused == 1)
            #expect(try await fixture.number("SELECT COUNT(*) FROM deliveries WHERE state = 5") == 1)
        }
    }

    /// A statement that the engine ends, because it takes too long, fails and is tried again as others are.
    @Test func aStatementThatTakesTooLongHoldsUpNoOther() async throws {
        try await Fixture.run(.postgres, settings: ["storage.statement_timeout": "1000"]) { fixture in
            let slow = try await fixture.result(7, .execute(statement: "slow", parameters: []))
            let healthy = try await fixture.result(8, .delivered)
            try await fixture.recording { recorder in
                async let first = recorder.record(slow)
                async let second = recorder.record(healthy)
                let decisions = await (first, second)
                #expect(decisions.0?.state == .retrying)
                #expect(decisions.0?.failure?.reason == "statement_timeout")
                #expect(decisions.1?.state == .delivered)
            }
        }
    }
}

/// A recorder on a store of its own, with deliveries that wait.
private struct Fixture {
    let store: TestStore
    private let partitions: Partitions
    private let recorder: OutcomeRecorder

    private init(_ engine: TestStore.Engine, settings: [String: String]) async throws {
        let values = try SettingsRegistry(StorageSettings.all).values(from: [
            SettingsSource(name: "test", texts: settings)
        ])
        store = try await TestStore(engine, schemas: [ObserversSchema.schema], settings: values)
        let statements = NamedStatements(timeout: .seconds(1))
        statements.replace(by: [
            "count": try NamedStatement("UPDATE counters SET total = total + 1"),
            "slow": try NamedStatement("UPDATE counters SET total = total + 1 WHERE pg_sleep(30) IS NULL"),
        ])
        partitions = Partitions(of: store.log, signal: Signal(), logger: Logger(label: "test"))
        recorder = OutcomeRecorder(
            store.log, partitions, statements, registry: store.metrics, logger: Logger(label: "test"))
        try await store.database.write { transaction in
            try transaction.execute("CREATE TABLE counters (total BIGINT NOT NULL)")
            try transaction.execute("INSERT INTO counters (total) VALUES (0)")
        }
    }

    /// Runs a closure on an instance that has all partitions.
    static func run(
        _ engine: TestStore.Engine, settings: [String: String] = [:], _ body: (Fixture) async throws -> Void
    ) async throws {
        let fixture = try await Fixture(engine, settings: settings)
        let holding = Task { try await fixture.partitions.run() }
        defer { holding.cancel() }
        while fixture.partitions.working?.isEmpty == true { try await Task.sleep(for: .milliseconds(5)) }
        try await body(fixture)
        holding.cancel()
        _ = await holding.result
    }

    /// Runs a closure while outcomes are written down.
    func recording(_ body: (OutcomeRecorder) async throws -> Void) async throws {
        let running = Task { [recorder] in await recorder.run() }
        defer { running.cancel() }
        try await body(recorder)
        running.cancel()
        await running.value
    }

    /// An outcome of a delivery that waits in the table.
    func result(_ position: Int64, _ outcome: DeliveryOutcome) async throws -> OutcomeRecorder.Result {
        let now = store.time.now()
        var delivery = Delivery(
            key: .init(channel: .init(observer: 1, action: 0), position: LogPosition(position), replay: 0),
            tenant: .first, lane: position, partition: 5, attempts: 0, eventAt: now, isBehindRetry: false)
        delivery.token = partitions.working?[delivery.partition] ?? 0
        let inserted = delivery
        _ = try await store.database.write { transaction in
            try transaction.execute(DeliveryStore.insertion.statement(DeliveryStore.values(of: inserted, at: now)))
        }
        return OutcomeRecorder.Result(
            delivery: delivery, outcome: outcome, retry: RetryPolicy(), onFailure: .deadLetter, at: now)
    }

    /// Writes down at once that deliveries have arrived, and tells what was decided.
    func record(_ positions: [Int64]) async throws -> [Delivery.State?] {
        var results: [OutcomeRecorder.Result] = []
        for position in positions { results.append(try await result(position, .delivered)) }
        var states: [Int64: Delivery.State] = [:]
        try await recording { recorder in
            states = await withTaskGroup(of: (Int64, Delivery.State?).self) { group in
                for result in results {
                    group.addTask {
                        (result.delivery.key.position.value, await recorder.record(result)?.state)
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
        }
        return positions.map { states[$0] }
    }

    /// Has the database refuse a state of the delivery of an event.
    func refuse(position: Int64, state: Delivery.State) async throws {
        let name = SQL.name("refuse_\(state.rawValue)")
        let (position, number) = (SQL.number(position), SQL.number(state.rawValue))
        let statement: SQL =
            switch store.database.dialect {
            case .sqlite:
                """
                CREATE TRIGGER \(name) BEFORE UPDATE ON deliveries
                WHEN NEW.position = \(position) AND NEW.state = \(number) BEGIN SELECT RAISE(ABORT, 'refused'); END
                """
            case .postgres:
                "ALTER TABLE deliveries ADD CONSTRAINT \(name) CHECK (position <> \(position) OR state <> \(number))"
            }
        _ = try await store.database.write { try $0.execute(statement) }
    }

    func number(_ query: SQL) async throws -> Int? {
        try await store.database.read { try $0.first(query) { $0.int(0) } }
    }

    /// How many outcomes were refused.
    var refused: Int { store.metrics.counter("observer_outcomes_refused_total", "").with().value }
}
