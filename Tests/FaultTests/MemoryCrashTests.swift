import Core
import Foundation
import TestKit
import Testing

/// A server that is killed while clients write memories, while vectors are linked and files of indexes are written.
@Suite struct MemoryCrashTests {
    private static let rounds = 20
    private static let clients = 4
    /// So many that there is a graph.
    private static let first = 2_600
    private static let settings = [
        "memories.dimensions=\(MemoryStorm.dimensions)", "memories.file_interval=100", "api.position_wait=60000",
    ]

    @Test func whatWasAnsweredIsFoundAndNothingIsHalfThere() async throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        var shop = try await Shop(data: data, settings: Self.settings)
        try await shop.process.waitUntilReady()
        var expected = try await Self.load(shop, &random)
        var unknown = 0
        for round in 1...Self.rounds {
            let life = Duration.milliseconds(Int.random(in: 100...600, using: &random))
            let seed = random.next()
            let storms = try await shop.storm(Self.clients, killedAfter: life) { [shop] client in
                var storm = MemoryStorm(name: "r\(round)-c\(client)", seed: seed &+ UInt64(client))
                await storm.run(on: shop)
                return storm
            }
            if round % 5 == 0 { try Self.damageFile(in: "\(data)/memories", &random) }
            shop = try await Shop(data: data, settings: Self.settings)
            try await shop.process.waitUntilReady()
            for storm in storms {
                expected.merge(storm.acknowledged) { $1 }
                unknown += storm.pending.count
                try await Self.settle(storm.pending, &expected, on: shop)
            }
            try await Self.expect(expected, on: shop, "round \(round), \(random)", &random)
        }
        print("\(expected.count) memories written, \(unknown) of unknown outcome settled")
        #expect(expected.count > Self.first + Self.rounds * Self.clients && unknown > 0)
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }

    private static func load(
        _ shop: Shop, _ random: inout SeededRandom
    ) async throws -> MemoryStorm.Expected {
        var expected: MemoryStorm.Expected = [:]
        let connection = try shop.connect()
        for start in stride(from: 0, to: first, by: 200) {
            let seeds = (start..<start + 200).map { ("first-\($0)", random.next()) }
            let bodies = seeds.map { MemoryStorm.memory($0.0, $0.1) }.joined(separator: ",")
            let answer = try await connection.exchange("POST", "/memories/batch", "{\"points\":[\(bodies)]}")
            try #require(answer.status == 200, "\(answer.text)")
            for (id, seed) in seeds { expected[id] = seed }
        }
        return expected
    }

    /// Changes one byte of a file of an index, as a bad disk does.
    private static func damageFile(in directory: String, _ random: inout SeededRandom) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".vectors") }
        let name = try #require(names.first, "no file was written")
        let url = URL(fileURLWithPath: "\(directory)/\(name)")
        var bytes = try Data(contentsOf: url)
        bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
        try bytes.write(to: url)
    }

    /// Finds out what has become of writes that nobody was told of: all that was sent together, or none of it.
    private static func settle(
        _ pending: MemoryStorm.Expected, _ expected: inout MemoryStorm.Expected, on shop: Shop
    ) async throws {
        var done: [Bool] = []
        for (id, seed) in pending {
            let answer = try await shop.send("GET", "/memories/\(id)")
            let isDone = seed.map { answer.json["payload"]?["key"] == .string(String($0)) } ?? (answer.status == 404)
            done.append(isDone)
            if isDone { expected[id] = seed }
        }
        #expect(Set(done).count <= 1, "a batch is half there: \(pending.keys.sorted())")
    }

    /// The tables have what is expected, the index has what the tables have, and it is found.
    private static func expect(
        _ expected: MemoryStorm.Expected, on shop: Shop, _ when: String, _ random: inout SeededRandom
    ) async throws {
        let there = expected.compactMapValues { $0 }
        let verified = try await shop.send("POST", "/api/v1/collections/user_memories/verify")
        #expect(verified.json["problems"] == .array([]), "\(when): \(verified.text)")
        #expect(verified.json["points"] == .integer(Int64(there.count)), "\(when): \(verified.text)")
        for id in expected.keys.sorted().shuffled(using: &random).prefix(10) {
            guard let seed = there[id] else {
                #expect(try await shop.send("GET", "/memories/\(id)").status == 404, "\(when): \(id)")
                continue
            }
            let body = """
                {"user_id":\(MemoryStorm.user),"query_vector":"\(MemoryStorm.vector(seed))","limit":1,"min_score":0.9}
                """
            let found = try await shop.send("POST", "/memories/search", body)
            #expect(found.status == 200 && found.text.contains("\"id\":\"\(id)\""), "\(when): \(id): \(found.text)")
        }
    }
}
