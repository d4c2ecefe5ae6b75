import Core
import Foundation
import TestKit
import Testing

/// A server that is killed while clients tell what users do, models are learnt, and their files are put in the place of
/// others.
@Suite(.timeLimit(.minutes(10))) struct RecommendationCrashTests {
    private static let rounds = FaultScale.isFull ? 40 : 8
    private static let clients = 3
    /// As often as can be, so that most of a life is spent in learning.
    private static let settings = [
        "recommendations.training_growth=0", "recommendations.training_interval=1",
        "recommendations.training_share=100",
        "api.position_wait=60000",
    ]

    @Test(arguments: TestStore.Engine.allCases)
    func whatWasAnsweredIsKnownAndModelsAreWhole(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        let database = engine == .postgres ? try PostgresServer() : nil
        let url = try database?.makeDatabase()
        func start() async throws -> Shop {
            let shop = try await Shop(data: data, settings: Self.settings, database: url)
            try await shop.process.waitUntilReady()
            return shop
        }
        var shop = try await start()
        try await Self.load(shop)
        var damaged: Data?
        var (expected, unknown, kept): (RecommendationStorm.Expected, Int, Int) = ([:], 0, 0)
        for round in 1...Self.rounds {
            let life = Duration.milliseconds(Int.random(in: 300...2_400, using: &random))
            let seed = random.next()
            let storms = try await shop.storm(Self.clients, killedAfter: life) { [shop] client in
                var storm = RecommendationStorm(name: "r\(round)c\(client)", seed: seed &+ UInt64(client))
                await storm.run(on: shop)
                return storm
            }
            let when = "round \(round), \(random)"
            // A life may be too short for another model, and what was damaged before is still there.
            let file = try? Data(contentsOf: Self.model(in: data))
            let isDamaging = round % 4 == 0
            let isKept = file != nil && file != damaged && !isDamaging
            if isDamaging { damaged = try Self.damageModel(in: data, &random) }
            shop = try await start()
            if isKept {
                // Whatever moment the server was killed at, the file is that of one model or of the next.
                #expect(try await Self.modelName(shop) != "none", "\(when): \(shop.process.log)")
                kept += 1
            }
            for storm in storms {
                unknown += storm.pending.isEmpty ? 0 : 1
                expected.merge(try await Self.settle(storm, on: shop, when)) { $1 }
            }
            try await Self.expectAnswers(expected, on: shop, when, &random)
        }
        #expect(try await eventually(within: .seconds(60)) { try await Self.modelName(shop) != "none" })
        print("\(engine): \(expected.count) users, \(unknown) requests of unknown outcome settled, \(kept) models kept")
        #expect(expected.count > Self.clients && unknown > 0 && kept > 0)
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }

    private static func model(in data: String) -> URL {
        URL(fileURLWithPath: "\(data)/recommendations/1.model")
    }

    private static func modelName(_ shop: Shop) async throws -> String? {
        try await shop.send("GET", "/api/v1/recommendations/trending")["model"]
    }

    /// Entities, and users of whom something can be learnt.
    private static func load(_ shop: Shop) async throws {
        let connection = try shop.connect()
        let entities = RecommendationStorm.items.map {
            #"{"entity_id":"\#($0)","entity_type":"product","attributes":{}}"#
        }
        let written = try await connection.exchange(
            "POST", "/api/v1/entities/bulk", #"{"entities":[\#(entities.joined(separator: ","))]}"#)
        try #require(written.status == 202, "\(written.text)")
        let rows = (0..<60).flatMap { user in
            (0..<5).map { RecommendationStorm.row("u\(user)", RecommendationStorm.items[(user + $0 * $0) % 20]) }
        }
        let done = try await connection.exchange(
            "POST", "/api/v1/interactions/bulk", #"{"interactions":[\#(rows.joined(separator: ","))]}"#)
        try #require(done.status == 202, "\(done.text)")
        try #require(try await eventually(within: .seconds(60)) { try await modelName(shop) != "none" })
    }

    /// Cuts the file of the model off, or changes one bit of it.
    ///
    /// - returns: what it is now; nil where there is no file.
    private static func damageModel(in data: String, _ random: inout SeededRandom) throws -> Data? {
        guard var bytes = try? Data(contentsOf: model(in: data)), !bytes.isEmpty else { return nil }
        let place = Int.random(in: bytes.indices, using: &random)
        if Bool.random(using: &random) {
            bytes = Data(bytes[..<place])
        } else {
            bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        }
        try bytes.write(to: model(in: data))
        return bytes
    }

    /// Finds out what has become of what nobody was told of: all that was sent together, or none of it.
    private static func settle(
        _ storm: RecommendationStorm, on shop: Shop, _ when: String
    ) async throws -> RecommendationStorm.Expected {
        var expected = storm.acknowledged
        let connection = try shop.connect()
        for user in Set(storm.acknowledged.keys).union(storm.pending.keys) {
            let done = try await Self.history(of: user, on: connection)
            let known = storm.acknowledged[user] ?? []
            let wanted = done.count > known.count ? known + (storm.pending[user] ?? []) : known
            #expect(done.sorted() == wanted.sorted(), "\(when): \(user)")
            if !wanted.isEmpty { expected[user] = wanted }
        }
        return expected
    }

    private static func history(of user: String, on connection: RawConnection) async throws -> [String] {
        let answer = try await connection.exchange("GET", "/api/v1/interactions/user/\(user)?limit=1000")
        try #require(answer.status == 200, "\(answer.text)")
        return try JSONParser.parse(Array(answer.text.utf8)).elements.compactMap { $0["entity_id"]?.string }
    }

    /// What is recommended is there, has not been seen, and stands there once.
    private static func expectAnswers(
        _ expected: RecommendationStorm.Expected, on shop: Shop, _ when: String, _ random: inout SeededRandom
    ) async throws {
        let connection = try shop.connect()
        for user in expected.keys.sorted().shuffled(using: &random).prefix(20) {
            for algorithm in ["hybrid", "popular"] {
                let answer = try await connection.exchange(
                    "GET", "/api/v1/recommendations/user/\(user)?count=100&algorithm=\(algorithm)")
                #expect(answer.status == 200, "\(when): \(answer.text)")
                let found = answer.json["recommendations"]?.elements.compactMap { $0["entity_id"]?.string } ?? []
                let unseen = Set(RecommendationStorm.items).subtracting(expected[user] ?? [])
                #expect(Set(found) == unseen && found.count == unseen.count, "\(when): \(user), \(algorithm)")
            }
        }
    }
}
