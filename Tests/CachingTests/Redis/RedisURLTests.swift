import Core
import Testing

@testable import Caching

/// The three forms of `cache.redis`.
@Suite struct RedisURLTests {
    private func address(_ host: String, _ port: Int) -> RedisAddress { RedisAddress(host: host, port: port) }

    @Test func aServerIsNamed() throws {
        #expect(try RedisURL("redis://cache").topology == .standalone(address("cache", 6_379), database: 0))
        #expect(try RedisURL("redis://10.0.0.1:7000/").topology == .standalone(address("10.0.0.1", 7_000), database: 0))
        let full = try RedisURL("redis://shop:p%40ss:w%25rd@[::1]:7001/5")
        #expect(full.topology == .standalone(address("::1", 7_001), database: 5))
        #expect(full.login == .init(user: "shop", password: "p@ss:w%rd"))
        #expect(try RedisURL("redis://:secret@cache").login == .init(user: nil, password: "secret"))
    }

    @Test func sentinelsAndAClusterAreNamed() throws {
        #expect(
            try RedisURL("redis+sentinel://a:1,b/shop").topology
                == .sentinel([address("a", 1), address("b", 26_379)], service: "shop"))
        let cluster = try RedisURL("redis+cluster://u:p@a,b:2,[::1]")
        #expect(cluster.topology == .cluster([address("a", 6_379), address("b", 2), address("::1", 6_379)]))
        #expect(cluster.login == .init(user: "u", password: "p"))
    }

    @Test(arguments: [
        "cache:6379", "http://cache", "redis://", "redis://a,b", "redis://a:0", "redis://a:65536", "redis://a:x",
        "redis://a/x", "redis://a/-1", "redis://a:", "redis://[::1]x", "redis://user@a", "redis://u:%4@a",
        "redis://u:%FF@a", "redis://u:%+1@a", "redis://u:@a", "redis+sentinel://a", "redis+sentinel://a/",
        "redis+sentinel://a/b/c", "redis+cluster://a/1", "redis+cluster://a,,b", "redis+cluster://",
    ])
    func whatIsWrongIsToldWithWhatWouldBeRight(_ text: String) {
        #expect {
            try RedisURL(text)
        } throws: { error in
            guard let failure = error as? Failure else { return false }
            return failure.code == "redis_url_invalid" && failure.message.contains("redis+sentinel://")
        }
    }

    @Test func theSettingMayBeEmpty() throws {
        let registry = try SettingsRegistry(CachingSettings.all)
        func setting(_ text: String) throws -> OptionalSetting<RedisURL> {
            try registry.values(from: [SettingsSource(name: "test", texts: ["cache.redis": text])])[
                CachingSettings.redis]
        }
        #expect(try setting("").value == nil)
        #expect(try setting("redis://cache").value == RedisURL("redis://cache"))
        #expect(throws: Failure.self) { try setting("cache") }
    }

    @Test func redirectionsAreRead() {
        let asked = address("10.0.0.1", 7_000)
        #expect(
            RedisRedirection("MOVED 3999 10.0.0.2:6381", from: asked)
                == .moved(slot: 3_999, address("10.0.0.2", 6_381)))
        #expect(RedisRedirection("MOVED 1 :6381", from: asked) == .moved(slot: 1, address("10.0.0.1", 6_381)))
        #expect(RedisRedirection("ASK 1 ::1:6381", from: asked) == .ask(address("::1", 6_381)))
        #expect(RedisRedirection("READONLY You can't write.", from: asked) == .elsewhere)
        #expect(RedisRedirection("ERR unknown command", from: asked) == nil)
        #expect(RedisRedirection("MOVED x y", from: asked) == nil)
        #expect(RedisRedirection("", from: asked) == nil)
    }
}
