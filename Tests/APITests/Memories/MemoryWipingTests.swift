import ChangeLog
import Core
import Memories
import Storage
import TestKit
import Testing

/// A user is wiped, however much is kept of them.
@Suite(.timeLimit(.minutes(5))) struct MemoryWipingTests {
    private static func memory(_ number: Int, _ value: String, user: Int = 7) -> String {
        """
        {"point_id":"m\(number)","payload":{"user_id":\(user),"category":"c","key":"k","value":"\(value)","source":"s",\
        "created":1,"updated":1,"active":true}}
        """
    }

    /// Writes so many memories, in requests of a hundred.
    private static func put(_ count: Int, _ value: String, _ server: LiveServer) async throws {
        for start in stride(from: 0, to: count, by: 100) {
            let points = (start..<min(start + 100, count)).map { memory($0, value) }
            let put = try await server.send(
                "POST", "/memories/batch", "{\"points\":[\(points.joined(separator: ","))]}")
            #expect(put.status == 200)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aLargeUserGoesInSeveralUnitsOfWork(_ engine: TestStore.Engine) async throws {
        try await MemoryRoutesFixture.withServer(engine) { server in
            let count = 1_150
            for value in ["tea", "milk"] { try await Self.put(count, value, server) }
            #expect(try await server.send("POST", "/memories", Self.memory(count, "tea", user: 8)).status == 200)
            let start = try await server.store.settledHead()
            let wiped = try await server.send("DELETE", "/memories/user/7?everything=true")
            #expect(wiped.status == 200, "\(String(decoding: wiped.body, as: UTF8.self))")
            #expect(try wiped.json()["deleted"] == .integer(Int64(count)))
            let units = try await Self.units(after: start, server)
            let left = try await server.store.log.read { transaction in
                try transaction.first("SELECT (SELECT COUNT(*) FROM points), (SELECT COUNT(*) FROM point_versions)") {
                    [$0.int(0), $0.int(1)]
                }
            }.value
            #expect(units.reduce(0, +) == count)
            #expect(units.allSatisfy { $0 <= 500 }, "\(units)")
            #expect(left == [1, 0])
            #expect(try await server.send("DELETE", "/memories/user/7").json()["deleted"] == .integer(0))
        }
    }

    /// How many changes each unit of work made.
    private static func units(after start: LogPosition, _ server: LiveServer) async throws -> [Int] {
        try await server.store.log.read { transaction in
            try transaction.rows(
                "SELECT COUNT(*) FROM changes WHERE position > \(start.value) GROUP BY changed_at"
            ) { $0.int(0) }
        }.value
    }

    /// So many parts of one file, and one of another.
    private static func putDocuments(_ count: Int, _ server: LiveServer) async throws {
        for start in stride(from: 0, to: count + 1, by: 100) {
            let parts = (start..<min(start + 100, count + 1)).map { number in
                """
                {"point_id":"d\(number)","payload":{"user_id":7,"file_id":\(number < count ? 1 : 2),\
                "group_key":"\(number < count ? "g" : "h")","file_type":1,"chunk_index":\(number),"start_line":1,\
                "end_line":2,"text":"t","created":1}}
                """
            }
            let put = try await server.send(
                "POST", "/documents/batch", "{\"documents\":[\(parts.joined(separator: ","))]}")
            #expect(put.status == 200, "\(String(decoding: put.body, as: UTF8.self))")
        }
    }

    private static func counts(_ server: LiveServer) async throws -> [Int?] {
        try await server.store.log.read { transaction in
            try ["points", "point_versions"].map { table in
                try transaction.first(SQL("SELECT COUNT(*) FROM \(SQL.name(table))")) { $0.int(0) }
            }
        }.value
    }

    private static let deletions = [
        ("/documents/delete-by-file", #"{"user_id":7,"file_id":1}"#),
        ("/documents/delete-by-group", #"{"user_id":7,"group_key":"g"}"#),
        (
            "/collections/user_documents/points/delete",
            #"{"filter":{"must":[{"key":"file_id","match":{"value":1}}],"must_not":[{"has_vector":""}]}}"#
        ),
    ]

    /// What others write waits for no more than some of it.
    @Test(arguments: TestStore.Engine.allCases, [0, 1, 2])
    func muchThatFitsAFilterGoesInSeveralUnitsOfWork(_ engine: TestStore.Engine, place: Int) async throws {
        let (path, body) = Self.deletions[place]
        try await MemoryRoutesFixture.withServer(engine) { server in
            let count = 1_150
            try await Self.putDocuments(count, server)
            let start = try await server.store.settledHead()
            let answer = try await server.send("POST", path, body)
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            if path.hasPrefix("/documents") { #expect(String(decoding: answer.body, as: UTF8.self) == "\(count)") }
            let units = try await Self.units(after: start, server)
            #expect(units.reduce(0, +) == count && units.count >= 3, "\(units)")
            #expect(units.allSatisfy { $0 <= 500 }, "\(units)")
            #expect(try await Self.counts(server) == [1, count], "what the parts were is kept")
            let left = try await server.send("GET", "/documents/stats/7").json()
            #expect(left["total_chunks"] == .integer(1))
        }
    }

    /// What is remembered under a key happened as a whole, and a repetition does nothing.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsToBeDoneOnceIsOneUnitOfWork(_ engine: TestStore.Engine) async throws {
        try await MemoryRoutesFixture.withServer(engine) { server in
            let count = 1_150
            let (path, body) = Self.deletions[0]
            for round in 0..<2 {
                try await Self.putDocuments(count, server)
                let start = try await server.store.settledHead()
                let answer = try await server.send("POST", path, body, headers: ["Idempotency-Key": "delete-file-1"])
                #expect(String(decoding: answer.body, as: UTF8.self) == "\(count)", "\(round)")
                #expect(try await Self.units(after: start, server) == (round == 0 ? [count] : []))
            }
            #expect(try await Self.counts(server)[0] == count + 1)
        }
    }
}
