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
            let start = server.store.log.head
            let wiped = try await server.send("DELETE", "/memories/user/7?everything=true")
            #expect(wiped.status == 200, "\(String(decoding: wiped.body, as: UTF8.self))")
            #expect(try wiped.json()["deleted"] == .integer(Int64(count)))
            let (units, left) = try await server.store.log.read { transaction in
                let units = try transaction.rows(
                    "SELECT COUNT(*) FROM changes WHERE position > \(start.value) GROUP BY changed_at"
                ) { $0.int(0) }
                let left = try transaction.first(
                    "SELECT (SELECT COUNT(*) FROM points), (SELECT COUNT(*) FROM point_versions)"
                ) { [$0.int(0), $0.int(1)] }
                return (units, left)
            }.value
            #expect(units.reduce(0, +) == count)
            #expect(units.allSatisfy { $0 <= 500 }, "\(units)")
            #expect(left == [1, 0])
            #expect(try await server.send("DELETE", "/memories/user/7").json()["deleted"] == .integer(0))
        }
    }
}
