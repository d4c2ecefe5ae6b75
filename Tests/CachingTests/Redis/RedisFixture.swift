import Caching
import Core
import NIOCore
import NIOPosix
import Telemetry
import Testing

/// A client of a real Redis, for one test.
struct RedisFixture: Sendable {
    let client: RedisClient
    let metrics = MetricsRegistry()

    /// Runs a closure with a client and closes it.
    static func run(
        _ url: String, timeout: Int = 1_000, _ body: (RedisFixture) async throws -> Void
    ) async throws {
        let settings = try SettingsRegistry(CachingSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["cache.redis_timeout": String(timeout)])
        ])
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let fixture = RedisFixture(try RedisURL(url), settings, group)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(fixture)) } catch { outcome = .failure(error) }
        await fixture.client.close()
        try await group.shutdownGracefully()
        try outcome.get()
    }

    private init(_ url: RedisURL, _ settings: SettingsValues, _ group: any EventLoopGroup) {
        client = RedisClient(url, settings: settings, group: group, metrics: metrics)
    }

    func set(_ key: String, _ text: String) async throws {
        try await client.set(key, ByteBuffer(string: text), expiresAfter: .seconds(60))
    }

    func get(_ key: String) async throws -> String? {
        try await client.get(key).map { String(buffer: $0) }
    }

    /// How many commands failed with a code.
    func failures(_ code: String) -> Int {
        metrics.counter("redis_errors_total", "", labels: ["code"]).with(code).value
    }

    /// The code of the failure of a call, and how long it took.
    func failure(of body: () async throws -> Void) async -> (code: String?, took: Duration) {
        let start = ContinuousClock.now
        do {
            try await body()
            return (nil, ContinuousClock.now - start)
        } catch {
            return ((error as? Failure)?.code ?? "\(error)", ContinuousClock.now - start)
        }
    }

    /// Tries again until it succeeds, for as long as it takes a server to come back.
    func eventually(within patience: Duration = .seconds(20), _ body: () async throws -> Void) async throws {
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                return try await body()
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
