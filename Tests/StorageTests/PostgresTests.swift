import Core
import Glibc
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Storage

/// What is PostgreSQL's alone: the pool, the pipeline, what is set on connections, and servers that go away.
@Suite(.timeLimit(.minutes(5))) struct PostgresTests {
    private static func settings(_ texts: [String: String]) throws -> SettingsValues {
        try SettingsRegistry(StorageSettings.all).values(from: [SettingsSource(name: "test", texts: texts)])
    }

    private static func open(
        _ texts: [String: String] = [:], metrics: MetricsRegistry = MetricsRegistry()
    ) async throws -> (database: PostgresDatabase, url: String) {
        let url = try await PostgresServer.shared().makeDatabase()
        let settings = try settings(texts)
        return (
            try await PostgresDatabase(
                PostgresOptions(url: url, settings: settings), settings: settings, metrics: metrics), url
        )
    }

    private static func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch let failure as Failure {
            return failure.code
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("SELECT 1", "SELECT 1", 0), ("a = ? AND b IN (?, ?)", "a = $1 AND b IN ($2, $3)", 3), ("?", "$1", 1),
    ])
    func questionMarksBecomeNumbers(text: String, numbered: String, count: Int) {
        #expect(PostgresStatement.numbered(text).text == numbered)
        #expect(PostgresStatement.numbered(text).count == count)
    }

    @Test(arguments: [Int64.max, Int64.min + 1, 0, 1, -1, 9_999, 10_000, 123_456_789, -10_000, 100_000_000])
    func sumsOfWholeNumbersAreRead(number: Int64) async throws {
        let (database, _) = try await Self.open()
        let read = try await database.read {
            try $0.first("SELECT SUM(n) FROM (SELECT \(number) AS n) AS t") { $0.integer(0) }
        }
        #expect(read == number)
        await database.close()
    }

    @Test(arguments: ["session", "transaction"], ["0", "2"])
    func whatIsSetHoldsOnEveryConnection(mode: String, pipelines: String) async throws {
        let (database, _) = try await Self.open([
            "storage.statement_timeout": "4321", "storage.work_mem": "7", "storage.application_name": "tester",
            "storage.pool_mode": mode, "storage.pipelines": pipelines, "storage.schema": "own",
        ])
        let query: SQL = """
            SELECT current_setting('statement_timeout'), current_setting('work_mem'),
                current_setting('application_name'), current_schema()::text
            """
        let read = { @Sendable (row: Row) in [row.text(0), row.text(1), row.text(2), row.text(3)] }
        let expected = ["4321ms", "7MB", "tester", "own"]
        for _ in 0..<3 {
            #expect(try await database.read { try $0.first(query, read) } == expected)
            #expect(try await database.write { try $0.first(query, read) } == expected)
        }
        await database.close()
    }

    @Test func whoWaitsTooLongForAConnectionIsRefused() async throws {
        let metrics = MetricsRegistry()
        let (database, _) = try await Self.open(
            ["storage.pool_max": "1", "storage.acquire_timeout": "100", "storage.read_queue_limit": "5"],
            metrics: metrics)
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let door = Mutex(false)
        let holder = Task {
            try await database.write(.readCommitted) { transaction in
                _ = try transaction.exists("SELECT 1")
                arrived.yield()
                while !door.withLock({ $0 }) { _ = try transaction.exists("SELECT pg_sleep(0.01)") }
            }
        }
        for await _ in arrivals { break }
        let codes = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<20 {
                group.addTask { await Self.code { try await database.write { _ = try $0.exists("SELECT 1") } } }
            }
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(codes.count == 20 && codes.allSatisfy { $0 == "storage_busy" })
        door.withLock { $0 = true }
        try await holder.value
        try await database.write { _ = try $0.exists("SELECT 1") }
        await database.close()
    }

    @Test(arguments: ["0", "1"]) func aConnectionThatTheServerEndsIsReplaced(pipelines: String) async throws {
        let (database, url) = try await Self.open([
            "storage.pipelines": pipelines, "storage.pool_min": "0", "storage.pool_max": "1",
        ])
        let name = try #require(url.split(separator: "/").last)
        for _ in 0..<3 {
            try await database.write { _ = try $0.exists("SELECT 1") }
            _ = try await database.read { try $0.exists("SELECT 1") }
            try await PostgresServer.shared().execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '\(name)'")
            // The first use meets a connection that was just cut. Reads are asked again; a write may have been done.
            #expect(try await database.read { try $0.exists("SELECT 1") })
            _ = await Self.code { try await database.write { _ = try $0.exists("SELECT 1") } }
            #expect(await Self.code { try await database.write { _ = try $0.exists("SELECT 1") } } == nil)
        }
        await database.close()
    }

    @Test func theLifetimeMovesTheNumberOfConnectionsOpened() async throws {
        let metrics = MetricsRegistry()
        let (database, _) = try await Self.open(
            ["storage.max_lifetime": "1", "storage.pool_min": "0"], metrics: metrics)
        let opened = metrics.counter("database_connections_opened_total", "").with()
        try await database.write { _ = try $0.exists("SELECT 1") }
        let before = opened.value
        try await database.write { _ = try $0.exists("SELECT pg_sleep(1.1)") }
        try await database.write { _ = try $0.exists("SELECT 1") }
        #expect(opened.value > before)
        await database.close()
    }

    @Test func theIdleTimeoutAndTheMinimumMoveTheNumberOfIdleConnections() async throws {
        let metrics = MetricsRegistry()
        let (database, _) = try await Self.open(
            ["storage.idle_timeout": "1", "storage.pool_min": "1", "storage.pool_max": "4"], metrics: metrics)
        let idle = metrics.gauge("database_connections", "", labels: ["server", "state"]).with("primary", "idle")
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Each waits for the others, so that all four have a connection at the same time.
            let begun = Numbers()
            for number in 0..<4 {
                group.addTask {
                    try await database.write { transaction in
                        begun.all.withLock { _ = $0.insert(number) }
                        while begun.all.withLock({ $0.count }) < 4 {
                            _ = try transaction.exists("SELECT pg_sleep(0.01)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(metrics.counter("database_connections_opened_total", "").with().value >= 4)
        #expect(try await Self.value(of: idle, metrics) { $0 == 1 } == 1)
        await database.close()
    }

    private final class Numbers: Sendable {
        let all = Mutex<Set<Int>>([])
    }

    /// The value of a gauge once a condition holds, or what it is after a while.
    private static func value(
        of gauge: Gauge, _ metrics: MetricsRegistry, _ holds: (Double) -> Bool
    ) async throws -> Double {
        for _ in 0..<1_000 {
            _ = PrometheusExposition.text(of: metrics)
            if holds(gauge.value) { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        return gauge.value
    }

    @Test(arguments: [100, 1_500]) func theConnectTimeoutMovesHowLongAConnectionIsWaitedFor(milliseconds: Int)
        async throws
    {
        // It listens and never says a word.
        let silent = try Loopback.listen()
        defer { close(silent.descriptor) }
        let settings = try Self.settings(["storage.connect_timeout": "\(milliseconds)"])
        let url = "postgres://somebody@127.0.0.1:\(silent.port)/nothing?sslmode=disable"
        let start = ContinuousClock.now
        let code = await Self.code {
            _ = try await PostgresDatabase(
                PostgresOptions(url: url, settings: settings), settings: settings, metrics: MetricsRegistry())
        }
        let waited = ContinuousClock.now - start
        #expect(code == "storage_unreachable")
        #expect(waited >= .milliseconds(milliseconds) && waited < .milliseconds(milliseconds) + .seconds(20))
    }

    @Test func anUnknownPoolModeIsRefused() {
        #expect(throws: Failure.self) { try Self.settings(["storage.pool_mode": "tranasction"]) }
    }

    @Test func questionsThatFailDoNotDisturbThoseBesideThem() async throws {
        let (database, _) = try await Self.open(["storage.pipelines": "1"])
        let outcomes = await withTaskGroup(of: (Int, String).self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        let value = try await database.read {
                            try $0.first("SELECT 100 / CAST(\(number % 10) AS BIGINT)") { $0.integer(0) }
                        }
                        return (number, "\(value ?? -1)")
                    } catch {
                        return (number, "failed")
                    }
                }
            }
            return await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        for (number, outcome) in outcomes {
            #expect(outcome == (number % 10 == 0 ? "failed" : "\(100 / (number % 10))"), "\(number)")
        }
        #expect(outcomes.count == 200)
        await database.close()
    }

    @Test func twoWritesThatWaitForEachOtherAreBothDone() async throws {
        let metrics = MetricsRegistry()
        let (database, _) = try await Self.open(metrics: metrics)
        _ = try await database.write { transaction in
            try transaction.execute("CREATE TABLE pairs (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)")
            try transaction.execute("INSERT INTO pairs (id, n) VALUES (1, 0), (2, 0)")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in [1, 2] {
                group.addTask {
                    try await database.write(.readCommitted) { transaction in
                        try transaction.execute("UPDATE pairs SET n = n + 1 WHERE id = \(first)")
                        _ = try transaction.exists("SELECT pg_sleep(0.2)")
                        try transaction.execute("UPDATE pairs SET n = n + 1 WHERE id = \(3 - first)")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await database.read { try $0.rows("SELECT n FROM pairs ORDER BY id") { $0.integer(0) } } == [2, 2])
        #expect(metrics.counter("database_retries_total", "").with().value >= 1)
        await database.close()
    }

    @Test func aStatementThatFailsLaterFailsTheWrite() async throws {
        let (database, _) = try await Self.open()
        _ = try await database.write { transaction in
            try transaction.execute("CREATE TABLE singles (id BIGINT PRIMARY KEY)")
        }
        let ran = Mutex(false)
        await #expect(throws: ConstraintViolation.self) {
            _ = try await database.write { transaction in
                transaction.afterCommit { ran.withLock { $0 = true } }
                try transaction.enqueue("INSERT INTO singles (id) VALUES (1)")
                try transaction.enqueue("INSERT INTO singles (id) VALUES (1)")
            }
        }
        #expect(!ran.withLock { $0 })
        #expect(try await database.read { try $0.first("SELECT COUNT(*) FROM singles") { $0.integer(0) } } == 0)
        await database.close()
    }

    @Test func aServerThatMayLoseCommitsIsRefused() async throws {
        let server = try PostgresServer(isInMemory: true, configuration: ["synchronous_commit = off"])
        let code = await Self.code {
            _ = try await PostgresDatabase(PostgresOptions(url: server.url()), metrics: MetricsRegistry())
        }
        #expect(code == "storage_not_durable")
    }

    @Test func aServerThatIsAwayIsAFailureAndComesBack() async throws {
        let server = try PostgresServer(isInMemory: true)
        let settings = try Self.settings(["storage.acquire_timeout": "500"])
        let database = try await PostgresDatabase(
            PostgresOptions(url: server.url(), settings: settings), settings: settings, metrics: MetricsRegistry())
        _ = try await database.write { try $0.execute("CREATE TABLE kept (id BIGINT PRIMARY KEY)") }
        _ = try await database.write { try $0.execute("INSERT INTO kept (id) VALUES (1)") }
        try server.kill()
        for _ in 0..<5 {
            #expect(
                await Self.code { try await database.write { _ = try $0.exists("SELECT 1") } } == "storage_unreachable")
            #expect(
                await Self.code { _ = try await database.read { try $0.exists("SELECT 1") } } == "storage_unreachable")
        }
        try server.start()
        #expect(try await database.read { try $0.first("SELECT COUNT(*) FROM kept") { $0.integer(0) } } == 1)
        _ = try await database.write { try $0.execute("INSERT INTO kept (id) VALUES (2)") }
        await database.close()
    }
}
