import ChangeLog
import Core
import Foundation
import Outbound
import Search
import Telemetry
import TestKit
import Testing

@testable import Memories

/// What holds of Qdrant alone: what is sent to it and read from it, and what is wrong with it.
@Suite struct QdrantEngineTests {
    private let set = VectorSet(
        Identifier(high: 0x1111_2222_3333_4444, low: 0x5555_6666_7777_8888), 2,
        VectorDefinition(size: 2, metric: .euclid))

    // MARK: Shapes

    @Test func pointsAreSentAsQdrantHasThem() {
        let points = [PointKey.number(.max), .text("tea")].map { key in
            QdrantPoint(VectorWrite(key: key, vector: [1.5, -2]), of: set, at: LogPosition(7))
        }
        let first = String(decoding: JSONWriter.bytes(of: points[0]), as: UTF8.self)
        #expect(
            first == #"{"id":18446744073709551615,"vector":[1.5,-2.0],"#
                + #""payload":{"key":"01ffffffffffffffff","position":7}}"#)
        let second = String(decoding: JSONWriter.bytes(of: points[1]), as: UTF8.self)
        // A text has a UUID of version 8 in its place, and stands in the payload.
        #expect(second.contains(/"id":"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"/))
        #expect(second.contains(#""key":"03746561""#))
        #expect(set.name == "vectors_11112222333344445555666677778888_2")
    }

    /// As Qdrant 1.10 and later document the answer of `points/query`.
    @Test func answersAreReadAsQdrantGivesThem() throws {
        let text = """
            {"points": [
                {"id": 42, "version": 3, "score": 0.81, "payload": {"key": "01000000000000002a", "position": 9}},
                {"id": "b524a9d1-ce8f-8aa4-9e2c-000000000001", "version": 3, "score": 1e-1,
                 "payload": {"key": "03746561", "position": 9}, "order_value": null},
                {"id": 43, "version": 3, "score": 0.5, "payload": null},
                {"id": 44, "score": 0.4, "payload": {"key": "zz"}}
            ]}
            """
        let result = try JSONParser.parse(Array(text.utf8))
        let points = QdrantReply.points(QdrantReply.member("points", of: result))
        #expect(points.map(\.id) == ["42", "b524a9d1-ce8f-8aa4-9e2c-000000000001", "43", "44"])
        #expect(points.map { QdrantReply.key($0.payload) } == [.number(42), .text("tea"), nil, nil])
        #expect(points.map(\.score) == [0.81, 0.1, 0.5, 0.4])
        #expect(QdrantReply.position(points[0].payload) == LogPosition(9))
    }

    @Test(arguments: [
        (#"{"title":"qdrant - vector search engine","version":"1.15.4","commit":"x"}"#, nil),
        (#"{"title":"qdrant - vector search engine","version":"1.10.0"}"#, nil),
        (#"{"title":"qdrant - vector search engine","version":"1.9.7"}"#, "qdrant_too_old"),
        (#"{"version":"dev"}"#, "qdrant_too_old"), (#"{"hello":"world"}"#, "qdrant_missing"), ("[]", "qdrant_missing"),
    ])
    func theVersionIsThatOfTheGreeting(_ greeting: String, _ code: String?) throws {
        let value = try JSONParser.parse(Array(greeting.utf8))
        let problem = Result { try QdrantVersion.check(value) }
        switch problem {
        case .success: #expect(code == nil)
        case .failure(let failure): #expect((failure as? Failure)?.code == code)
        }
    }

    @Test(arguments: ["http://db:6333", "https://db.example.com/", "http://[::1]:6333"])
    func addressesAreRead(_ text: String) throws {
        #expect(try !QdrantURL(text).text.hasSuffix("/"))
    }

    @Test(arguments: ["db:6333", "http://db:6333/collections", "http://user:word@db:6333", "grpc://db"])
    func otherAddressesAreRefused(_ text: String) {
        #expect(throws: Failure.self) { try QdrantURL(text) }
    }

    // MARK: A server

    @Test func setsAreKeptWithTheirPositions() async throws {
        let surface = try await QdrantSurface()
        let engine = try engine(surface.settings)
        try await engine.check()
        #expect(try await engine.open(set) == nil)
        #expect(try await engine.open(set) == nil, "it is not complete yet")
        let keys = [PointKey.number(1), .text("two"), .uuid(Identifier(high: 3, low: 3))]
        try await engine.apply(
            keys.enumerated().map { VectorWrite(key: $1, vector: [Float($0), 0]) }, to: set, at: LogPosition(4))
        try await engine.apply(
            [VectorWrite(key: .number(9), vector: [9, 9])], to: set, at: LogPosition(3))
        try await engine.save(LogMark(LogPosition(5), "c"), of: [set])
        #expect(try await engine.open(set) == nil, "how far it is counts once it is complete")
        try await engine.finishFilling(set, at: LogMark(LogPosition(4), "c"))
        #expect(try await engine.open(set) == LogMark(LogPosition(4), "c"))
        #expect(Set(try await engine.keys(of: set)) == Set(keys), "what is older than the filling is gone")
        try await engine.save(LogMark(LogPosition(8), "c"), of: [set])
        try await engine.save(LogMark(LogPosition(6), "c"), of: [set])
        #expect(try await engine.open(set) == LogMark(LogPosition(8), "c"))
        let nearest = try await withTaskExecutorPreference(engine.threads) {
            try engine.nearest(NearestQuery(vector: [0.1, 0], limit: 2), in: set)
        }
        #expect(nearest.map(\.key) == [keys[0], keys[1]])
        let listed = try await withTaskExecutorPreference(engine.threads) {
            try engine.nearest(
                NearestQuery(vector: [0, 0], limit: 5, isExact: true, keys: [keys[2], keys[1]]), in: set)
        }
        #expect(listed.map(\.key) == [keys[1], keys[2]] && listed.map(\.score) == [1, 2])
        try await engine.apply([VectorWrite(key: keys[1], vector: nil)], to: set, at: LogPosition(9))
        #expect(Set(try await engine.keys(of: set)) == [keys[0], keys[2]])
        engine.close()
    }

    @Test func whatIsWrongIsTold() async throws {
        let surface = try await QdrantSurface()
        var settings = surface.settings
        settings["memories.qdrant_api_key"] = "another"
        let refused = await failure { [settings] in try await engine(settings).check() }
        #expect(refused?.code == "qdrant_refused" && refused?.kind == .invalid)
        let lost = await failure {
            try await engine(surface.settings).apply(
                [VectorWrite(key: .number(1), vector: [1, 1])], to: set, at: .start)
        }
        #expect(lost?.code == "vector_set_missing")
        await surface.process.kill()
        let away = await failure { try await engine(surface.settings).check() }
        #expect(away?.code == "vector_engine_unavailable" && away?.kind == .unavailable)
        let nowhere = await failure { _ = try engine(["memories.engine": "qdrant"]) }
        #expect(nowhere?.message.contains("memories.qdrant_url") == true)
    }

    /// Connections to it are made, and nobody reads what they bring.
    @Test func aServerThatSaysNothingIsNotWaitedForLonger() async throws {
        let silent = try Loopback.listen()
        defer { close(silent.descriptor) }
        let engine = try engine([
            "memories.engine": "qdrant", "memories.qdrant_url": "http://127.0.0.1:\(silent.port)",
            "memories.engine_timeout": "300",
        ])
        let start = ContinuousClock.now
        let unchecked = await failure { try await engine.check() }
        #expect(unchecked?.code == "vector_engine_unavailable")
        let unfound = await failure { [set] in
            _ = try await withTaskExecutorPreference(engine.threads) {
                try engine.nearest(NearestQuery(vector: [0, 0], limit: 1), in: set)
            }
        }
        #expect(unfound?.code == "vector_engine_unavailable")
        #expect(ContinuousClock.now - start < .seconds(4))
        engine.close()
    }

    /// It comes back with what it had, and gets what was written meanwhile.
    @Test func aServerThatWasAwayIsFilledUp() async throws {
        let directory = try TemporaryDirectory()
        let port = try FreePort.find()
        let arguments = ["--port", "\(port)"]
        let key = "an-admin-key-of-32-characters-ok"
        let environment = ["MILLRACE_ADMIN_KEY": key]
        let first = try await ServerProcess(
            data: directory.file("data"), arguments: arguments, environment: environment)
        try await first.waitUntilReady()
        let world = try await MemoryWorld(
            .sqlite,
            settings: [
                "memories.engine": "qdrant", "memories.qdrant_url": "http://127.0.0.1:\(port)",
                "memories.qdrant_api_key": key,
            ])
        let collection = try await world.make("a")
        try await world.put(1...10, into: collection)
        await first.kill()
        let away = await failure { _ = try await world.nearest(to: 3, in: "a") }
        #expect(away?.code == "vector_engine_unavailable")
        _ = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            try role.points.upsert([MemoryWorld.draft(.number(11), at: 3.1)], into: collection, in: unit)
            _ = try role.points.delete([.number(3)], of: collection, in: unit)
        }
        let second = try await ServerProcess(
            data: directory.file("data"), arguments: arguments, environment: environment)
        try await second.waitUntilReady()
        try await world.role.waitUntilFound(world.store.log.seen, atMost: .seconds(60))
        #expect(try await world.nearest(to: 3.1, limit: 2, in: "a") == [.number(11), .number(4)])
        await second.kill()
    }
}
