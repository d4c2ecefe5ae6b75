import Caching
import ChangeLog
import Core
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import TestKit
import Testing

@testable import API

/// What is asked as of a position is not answered from where that position has not come.
@Suite(.timeLimit(.minutes(5))) struct PastReadTests {
    private static func request(_ query: String = "", body: String = "") throws -> APIRequest {
        var path = PathParameters()
        path.add("id", "m")
        return try APIRequest(
            credential: .anonymous, context: TestStore.context, headers: RequestHeaders(HTTPHeaders()),
            seenPosition: nil, path: "/", query: Substring(query), parameters: path, body: ByteBuffer(string: body))
    }

    @Test(arguments: [
        ("/memories/{id}", "as_of=41", ""), ("/memories/scroll", "", #"{"user_id": 7, "as_of": 41}"#),
        ("/memories/search", "", #"{"user_id": 7, "query_text": "a", "as_of": 41}"#),
        ("/documents/search", "", #"{"user_id": 7, "query_text": "a", "as_of": 41}"#),
    ]) func thePositionIsWanted(path: String, query: String, body: String) async throws {
        let store = try await TestStore(schemas: LiveServer.schemas)
        let routes = try MemoryRoutesFixture(store).routes
        let method: HTTPRequest.Method = body.isEmpty ? .get : .post
        let route = try #require(routes.first { $0.path == path && $0.method == method })
        let request = try Self.request(query, body: body)
        let wanted: LogPosition? =
            switch route.handler {
            case .read(let decode): try decode(request).position
            case .preparedRead(let prepare): try await prepare(request).position
            default: nil
            }
        #expect(wanted == LogPosition(41))
    }

    @Test func aReplicaThatHasNotComeSoFarIsPassedOver() async throws {
        let store = try await ReplicatedStore(replicas: 1, settings: ["storage.read_preference": "round_robin"])
        // The replica takes its turn before it stands still.
        while store.reads(0) == 0 { _ = try await store.log.read(atLeast: nil) { try ChangeLog.last(in: $0) } }
        try store.replicas[0].execute("SELECT pg_wal_replay_pause()")
        while try !store.replicas[0].execute("SELECT pg_get_wal_replay_pause_state()").contains("paused\n") {
            await Task.yield()
        }
        let written = try await store.log.write(TestStore.context) { unit in
            try unit.recordInsert("note", unit.makeIdentifier(), after: Array("{}".utf8))
        }.position
        try await store.log.waitUntilSettled(written, atMost: .seconds(60))
        let services = APIServices(
            log: store.log,
            cache: Cache(store.log.cache, redis: nil, namespace: "", settings: .defaults, metrics: store.metrics),
            credentials: Credentials(log: store.log, metrics: store.metrics),
            idempotency: IdempotencyMemory(log: store.log, metrics: store.metrics), metrics: store.metrics,
            positionWait: .seconds(20), logger: Logger(label: "test"))
        let route = Route.pastRead(.get, "/last", scope: "notes:read") { _ in
            (written, { .ok(try ChangeLog.last(in: $0).value) })
        }
        for _ in 0..<4 {
            let answer = try await services.run(route, Self.request()).0
            let content = try #require(try answer.content(for: Self.request()))
            #expect(String(decoding: content.bytes, as: UTF8.self) == "\(written)")
        }
        try store.replicas[0].execute("SELECT pg_wal_replay_resume()")
        try await store.close()
    }
}
