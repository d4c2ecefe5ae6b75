import Core
import NIOCore
import Testing

@testable import Caching

/// Which server is asked for which key.
@Suite struct RedisRoutingTests {
    private func moment(_ milliseconds: UInt64) -> NIODeadline { .uptimeNanoseconds(milliseconds * 1_000_000) }

    /// Whom an inquiry asks, if there is one.
    private func sources(_ routing: inout RedisRouting, at milliseconds: UInt64) -> [RedisAddress]? {
        routing.beginInquiry(at: moment(milliseconds))?.sources
    }

    private func learn(_ reply: RESPValue, from source: RedisAddress, _ routing: inout RedisRouting) throws {
        try routing.learn(reply, from: source)
    }

    /// The examples of the cluster specification.
    @Test func keysHaveSlots() {
        #expect(HashSlot.of("123456789") == 0x31C3)
        #expect(HashSlot.of("{user1000}.following") == HashSlot.of("{user1000}.followers"))
        #expect(HashSlot.of("foo{}{bar}") != HashSlot.of("bar"))
        #expect(HashSlot.of("foo{{bar}}zap") == HashSlot.of("{bar"))
        #expect(HashSlot.of("foo{bar}{zap}") == HashSlot.of("bar"))
        #expect(HashSlot.of("") == 0)
    }

    @Test func aServerNeedsNoInquiry() throws {
        var routing = RedisRouting(try RedisURL("redis://a").topology)
        #expect(routing.address(of: "key") == RedisAddress(host: "a", port: 6_379))
        #expect(sources(&routing, at: 0) == nil)
    }

    @Test func sentinelsAreAskedInTurn() throws {
        var routing = RedisRouting(try RedisURL("redis+sentinel://a:1,b:2,c:3/shop").topology)
        #expect(routing.address(of: "key") == nil)
        let first = try #require(sources(&routing, at: 0))
        #expect(sources(&routing, at: 0) == nil, "two ask at the same time")
        #expect(throws: Failure.self) { try learn(.null, from: first[0], &routing) }
        let answer = RESPValue.array([
            .bulkString(ByteBuffer(string: "10.0.0.1")), .bulkString(ByteBuffer(string: "7000")),
        ])
        try routing.learn(answer, from: first[1])
        #expect(routing.address(of: "key") == RedisAddress(host: "10.0.0.1", port: 7_000))
        routing.endInquiry(at: moment(10))
        #expect(sources(&routing, at: 100) == nil, "it was asked a moment ago")
        let second = try #require(sources(&routing, at: 260))
        #expect(Set(second) == Set(first) && second[0] != first[0])
    }

    @Test func theSlotsOfAClusterAreLearnt() throws {
        var routing = RedisRouting(try RedisURL("redis+cluster://a:1").topology)
        let seed = RedisAddress(host: "a", port: 1)
        func range(_ first: Int64, _ last: Int64, _ host: String, _ port: Int64) -> RESPValue {
            .array([
                .integer(first), .integer(last), .array([.bulkString(ByteBuffer(string: host)), .integer(port)]),
            ])
        }
        _ = routing.beginInquiry(at: moment(0))
        try routing.learn(.array([range(0, 12_738, "b", 2), range(12_739, 16_383, "", 3)]), from: seed)
        #expect(routing.address(of: "123456789") == RedisAddress(host: "a", port: 3))
        #expect(routing.address(of: "") == RedisAddress(host: "b", port: 2))
        routing.moved(0, to: RedisAddress(host: "c", port: 4))
        routing.moved(99_999, to: RedisAddress(host: "d", port: 5))
        #expect(routing.address(of: "") == RedisAddress(host: "c", port: 4))
        for wrong in [
            RESPValue.null, .array([.null]), .array([range(5, 4, "a", 1)]), .array([range(0, 16_384, "a", 1)]),
            .array([range(0, 1, "a", 0)]),
        ] {
            #expect(throws: Failure.self) { try learn(wrong, from: seed, &routing) }
        }
        #expect(routing.address(of: "") == RedisAddress(host: "c", port: 4), "a bad answer must change nothing")
    }
}
