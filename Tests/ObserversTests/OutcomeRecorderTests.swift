import ChangeLog
import Core
import Logging
import Storage
import TestKit
import Testing

@testable import Observers

/// What came of attempts takes effect once.
@Suite(.timeLimit(.minutes(2))) struct OutcomeRecorderTests {
    /// After the answer to a commit was lost, the same outcome is written again.
    @Test(arguments: TestStore.Engine.allCases)
    func aStatementRunsOnceHoweverOftenItsOutcomeIsWritten(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [ObserversSchema.schema])
        let statements = NamedStatements()
        statements.replace(by: ["count": try NamedStatement("UPDATE counters SET total = total + 1")])
        let partitions = Partitions(of: store.log, signal: Signal(), logger: Logger(label: "test"))
        let recorder = OutcomeRecorder(store.log, partitions, statements, logger: Logger(label: "test"))
        let holding = Task { try await partitions.run() }
        while partitions.working?.isEmpty == true { try await Task.sleep(for: .milliseconds(5)) }
        var delivery = try await Self.prepare(store)
        delivery.token = partitions.working?[delivery.partition] ?? 0
        let result = OutcomeRecorder.Result(
            delivery: delivery, outcome: .execute(statement: "count", parameters: []), retry: RetryPolicy(),
            onFailure: .deadLetter, at: store.time.now())
        let running = Task { await recorder.run() }
        #expect(await recorder.record(result)?.state == .delivered)
        #expect(await recorder.record(result) == nil)
        running.cancel()
        holding.cancel()
        await running.value
        _ = await holding.result
        let total = try await store.database.read { try $0.first("SELECT total FROM counters") { $0.integer(0) } }
        #expect(total == 1)
    }

    /// Makes a counter at zero and a delivery that waits.
    private static func prepare(_ store: TestStore) async throws -> Delivery {
        let key = Delivery.Key(channel: .init(observer: 1, action: 0), position: LogPosition(7), replay: 0)
        let route = DeliveryRoute(lane: 3, partition: 5)
        let now = store.time.now()
        try await store.database.write { transaction in
            try transaction.execute("CREATE TABLE counters (total BIGINT NOT NULL)")
            try transaction.execute("INSERT INTO counters (total) VALUES (0)")
            let values = DeliveryStore.values(of: key, route, of: .first, eventAt: now, at: now)
            try transaction.execute(DeliveryStore.insertion.statement(values))
        }
        return Delivery(
            key: key, tenant: .first, lane: route.lane, partition: route.partition, attempts: 0, eventAt: now,
            isBehindRetry: false)
    }
}
