import ChangeLog
import Core
import HTTPTypes
import Memories
import TestKit
import Testing

@testable import API

/// What is asked where an index is behind the tables, as on an instance that others write beside.
@Suite(.timeLimit(.minutes(5))) struct LaggingIndexTests {
    private static func body(_ id: String) -> String {
        """
        {"point_id": "\(id)", "vector": [1, 0, 0], "payload": {"user_id": 7, "category": "c", "key": "k", "value": "v",
         "source": "s", "created": 1, "updated": 1, "active": true}}
        """
    }

    private static func document(_ id: String) -> String {
        """
        {"point_id": "\(id)", "vector": [1, 0, 0], "payload": {"user_id": 7, "file_id": 1, "group_key": "g",
         "file_type": 1, "chunk_index": 0, "start_line": 1, "end_line": 2, "text": "t", "created": 1}}
        """
    }

    private static func point(_ id: Int) -> String {
        "{\"points\": [{\"id\": \(id), \"vector\": [1, 2], \"payload\": {\"n\": 1}}]}"
    }

    /// Memories, parts of documents and points with one number each, in the tables alone.
    private static func put(_ number: Int, _ caller: RouteCaller) async throws {
        _ = try await caller.call(.post, "/memories", body: body("m\(number)"))
        _ = try await caller.call(.post, "/documents", body: document("d\(number)"))
        _ = try await caller.call(
            .put, "/collections/{collection}/points", ["collection": "c"], body: point(number))
    }

    /// Runs the closure with routes whose index has what has number 1, and nothing that comes later.
    private func withLag(
        _ engine: TestStore.Engine, _ body: (RouteCaller, MemoryRoutesFixture) async throws -> Void
    ) async throws {
        let store = try await TestStore(engine, schemas: LiveServer.schemas + [MemoriesSchema.schema])
        let fixture = try MemoryRoutesFixture(store, patience: .zero)
        let caller = RouteCaller(store, fixture.routes)
        let vectors = #"{"vectors": {"size": 2, "distance": "Dot"}}"#
        try await fixture.run {
            let collection = ["collection": "c"]
            _ = try await caller.call(.put, "/collections/{collection}", collection, body: vectors)
            // What has no index is read from the tables while the filter is looked at.
            let field = #"{"field_name": "n", "field_schema": "integer"}"#
            _ = try await caller.call(.put, "/collections/{collection}/index", collection, body: field)
            try await Self.put(1, caller)
            try await Self.waitUntilFound(fixture, store)
        }
        try await body(caller, fixture)
    }

    private static func waitUntilFound(_ fixture: MemoryRoutesFixture, _ store: TestStore) async throws {
        try await fixture.role.waitUntilFound(store.settledHead(), atMost: .seconds(60))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aChangeByFilterMissesNothingThatWasAnswered(_ engine: TestStore.Engine) async throws {
        try await withLag(engine) { caller, fixture in
            try await Self.put(2, caller)
            let file = #"{"user_id": 7, "file_id": 1}"#
            let group = #"{"user_id": 7, "group_key": "g"}"#
            let changes = [
                ("DELETE /memories/user/{user}", ""), ("DELETE /documents/user/{user}", ""),
                ("POST /documents/delete-by-file", file), ("POST /documents/delete-by-group", group),
                ("POST /documents/update-group-key", #"{"user_id": 7, "file_id": 1, "new_group_key": "h"}"#),
                ("POST /collections/{collection}/points/delete", #"{"filter": {}}"#),
                ("POST /collections/{collection}/points/payload", #"{"payload": {"n": 2}, "filter": {}}"#),
                ("PUT /collections/{collection}/points/payload", #"{"payload": {"n": 2}, "filter": {}}"#),
                ("POST /collections/{collection}/points/payload/delete", #"{"keys": ["n"], "filter": {}}"#),
                ("POST /collections/{collection}/points/payload/clear", #"{"filter": {}}"#),
                ("POST /collections/{collection}/points/vectors/delete", #"{"vector": [""], "filter": {}}"#),
                ("POST /collections/{collection}/points/batch", #"{"operations": [{"delete": {"filter": {}}}]}"#),
            ]
            for (route, body) in changes {
                let parts = route.split(separator: " ")
                let method = try #require(parts.first.flatMap { HTTPRequest.Method(String($0)) })
                let outcome = await caller.failure(
                    method, String(parts[1]), ["user": "7", "collection": "c"], body: body.isEmpty ? nil : body)
                #expect(outcome == "position_not_reached", "\(route)")
            }
            let byID = #"{"points": [9]}"#
            let path = "/collections/{collection}/points/delete"
            #expect(await caller.failure(.post, path, ["collection": "c"], body: byID) == "ok", "no index says which")
            try await fixture.run {
                try await Self.waitUntilFound(fixture, caller.store)
                let wiped = try await caller.call(
                    .delete, "/memories/user/{user}", ["user": "7"], query: "everything=true")
                #expect(wiped.json["deleted"] == .integer(4))
            }
        }
    }

    @Test func aScrollGoesOnWherePointsHaveGone() async throws {
        try await withLag(.sqlite) { caller, fixture in
            for number in 2...3 { try await Self.put(number, caller) }
            try await fixture.run { try await Self.waitUntilFound(fixture, caller.store) }
            _ = try await caller.call(.delete, "/memories/{id}", ["id": "m1"])
            let collection = ["collection": "c"]
            _ = try await caller.call(
                .post, "/collections/{collection}/points/delete", collection, body: #"{"points": [1]}"#)

            let memories = try await caller.call(.post, "/memories/scroll", body: #"{"user_id": 7, "limit": 1}"#).json
            #expect(memories["count"] == .integer(0) && memories["next_cursor"] == .string("m2"))
            let rest = try await caller.call(
                .post, "/memories/scroll", body: #"{"user_id": 7, "limit": 2, "cursor": "m2"}"#
            ).json
            #expect(rest["count"] == .integer(2) && rest["next_cursor"] == .null)
            let filter = #"{"limit": 1, "filter": {"must": [{"has_id": [1, 2, 3]}]}}"#
            let points = try await caller.call(
                .post, "/collections/{collection}/points/scroll", collection, body: filter
            ).json["result"]
            #expect(points?["points"] == .array([]) && points?["next_page_offset"] == .integer(2))
        }
    }

    @Test func theNextOfABatchSeesWhatIsAsItIsByThen() async throws {
        try await withLag(.sqlite) { caller, fixture in
            try await Self.put(2, caller)
            let collection = ["collection": "c"]
            let filter = #""filter": {"must": [{"key": "n", "match": {"value": 1}}]}"#
            let operations = """
                {"operations": [{"overwrite_payload": {"payload": {"n": 2}, "points": [1]}},
                 {"set_payload": {"payload": {"a": 1}, \(filter)}}, {"delete_vectors": {"vector": [""], \(filter)}}]}
                """
            try await fixture.run {
                try await Self.waitUntilFound(fixture, caller.store)
                _ = try await caller.call(
                    .post, "/collections/{collection}/points/batch", collection, body: operations)
            }
            for (id, payload, vector) in [("1", #"{"n":2}"#, true), ("2", #"{"n":1,"a":1}"#, false)] {
                let path = "/collections/{collection}/points/{id}"
                let point = try await caller.call(.get, path, ["collection": "c", "id": id]).json["result"]
                #expect(try point?["payload"] == JSONParser.parse(Array(payload.utf8)))
                #expect((point?["vector"]?.elements.count == 2) == vector, "\(String(describing: point))")
            }
        }
    }
}
