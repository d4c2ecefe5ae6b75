import Core
import TestKit
import Testing

/// Collections and points as Qdrant's clients write and find them.
extension ContractClient {
    private static let songs = "/collections/{collection}"
    private static let points = songs + "/points"

    /// A filter with a condition of each kind.
    private static let filter = """
        {"must": [{"key": "year", "range": {"gte": 1900, "lt": 2100}},
          {"key": "genre", "match": {"any": ["folk", "jazz"]}},
          {"key": "made", "range": {"gt": "2020-01-01T00:00:00Z"}}, {"has_id": [1, 2, 3, 4]}, {"has_vector": "text"},
          {"nested": {"key": "takes", "filter": {"must": [{"key": "n", "match": {"value": 1}}]}}},
          {"key": "place", "geo_radius": {"center": {"lat": 50, "lon": 10}, "radius": 1000000}},
          {"key": "place", "geo_bounding_box": {"top_left": {"lat": 60, "lon": 0},
            "bottom_right": {"lat": 40, "lon": 20}}},
          {"key": "place", "geo_polygon": {"exterior": {"points": [{"lat": 40, "lon": 0}, {"lat": 60, "lon": 0},
            {"lat": 60, "lon": 20}, {"lat": 40, "lon": 0}]}}}],
         "should": {"key": "title", "match": {"text": "river"}},
         "must_not": [{"is_empty": {"key": "year"}}, {"is_null": {"key": "year"}}, {"key": "genre", "is_empty": true},
          {"key": "genre", "match": {"except": ["folk", "jazz"]}},
          {"should": [{"key": "n", "match": {"prefix": "x"}}]}],
         "min_should": {"min_count": 1, "conditions": [{"key": "takes", "values_count": {"gte": 1}},
          {"key": "title", "match": {"phrase": "the river"}}, {"slice": {"total": 2, "index": 0}}]}}
        """

    private static func song(_ id: String, _ year: Int) -> String {
        """
        {"id": \(id), "vector": {"text": [\(year % 7), 1], "sound": [1, 2, \(year % 5)]},
         "payload": {"genre": "folk", "year": \(year), "made": "2026-01-02T03:04:05Z", "title": "The river",
          "takes": [{"n": 1}], "place": {"lat": 51, "lon": 7}}}
        """
    }

    mutating func keepCollections() async throws {
        try await send("GET", "/")
        try await send("GET", "/", query: "a=b", status: 400)
        let definition = """
            {"vectors": {"text": {"size": 2, "distance": "Dot", "hnsw_config": {"m": 8}},
              "sound": {"size": 3, "distance": "Euclid", "on_disk": true}}, "hnsw_config": {"ef_construct": 64},
             "quantization_config": {"scalar": {"type": "int8"}}, "shard_number": 1, "metadata": {"a": 1}}
            """
        try await send("PUT", Self.songs, "songs", query: "timeout=10", body: definition)
        try await send("PUT", Self.songs, "songs", body: definition, status: 409)
        try await send("PUT", Self.songs, "a/b", body: definition, status: 400)
        try await send("PUT", Self.songs, "plain", body: #"{"vectors": {"size": 2, "distance": "Cosine"}}"#)
        try await send("PUT", Self.songs, "x", body: #"{"vectors": {"size": 0, "distance": "Cosine"}}"#, status: 400)
        try await send("PUT", Self.songs, "x", body: "{}", headers: ["Content-Type": "text/plain"], status: 415)
        try await send("PATCH", Self.songs, "songs", body: #"{"metadata": {"b": 2}, "optimizers_config": {}}"#)
        try await send("PATCH", Self.songs, "none", body: "{}", status: 404)
        let listed = try await send("GET", "/collections").json["result"]?["collections"]?.elements ?? []
        #expect(listed.compactMap { $0["name"]?.string }.suffix(2) == ["user_memories", "user_memories_other"])
        for kind in ["keyword", "text", "uuid", "bool", "geo", "datetime", "float"] {
            try await send(
                "PUT", Self.songs + "/index", "songs", query: "wait=true",
                body: #"{"field_name": "field_\#(kind)", "field_schema": "\#(kind)"}"#)
        }
        try await send(
            "PUT", Self.songs + "/index", "songs", query: "wait=true&ordering=weak",
            body: #"{"field_name": "year", "field_schema": {"type": "integer", "lookup": true, "range": true}}"#)
        try await send(
            "PUT", Self.songs + "/index", "songs", body: #"{"field_name": "a..b", "field_schema": null}"#, status: 400)
        try await send("PUT", Self.songs + "/index", "none", body: #"{"field_name": "a"}"#, status: 404)
        try await send("DELETE", Self.songs + "/index/{field}", "songs", "field_uuid")
        try await send("DELETE", Self.songs + "/index/{field}", "none", "field_uuid", status: 404)
        try await send("GET", Self.songs, "songs")
        try await send("GET", Self.songs, "plain")
        try await send("GET", Self.songs, "none", status: 404)
        try await send("GET", Self.songs + "/exists", "none")
        try await send("DELETE", Self.songs, "plain")
        try await send("DELETE", Self.songs, "plain", query: "unknown=1", status: 400)
    }

    mutating func keepPoints() async throws {
        let uuid = "\"\(Self.unknown)\""
        let songs = [Self.song("1", 1971), Self.song("2", 1959), Self.song(uuid, 1980)]
        let update = try await send(
            "PUT", Self.points, "songs", query: "wait=true", body: "{\"points\": [\(songs.joined(separator: ", "))]}")
        #expect(update.json["result"]?["status"] == .string("completed"))
        try await send(
            "PUT", Self.points, "songs",
            body: """
                {"batch": {"ids": [18446744073709551615, 4], "payloads": [null, {"year": 1}],
                 "vectors": {"text": [[1, 1], "AACAPwAAAAA="]}}}
                """)
        try await send(
            "PUT", Self.points, "songs", body: #"{"points": [{"id": 9, "vector": {"text": [1]}}]}"#, status: 400)
        try await send("PUT", Self.points, "none", body: #"{"points": [{"id": 9, "vector": {}}]}"#, status: 404)
        let read = try await send(
            "POST", Self.points, "songs",
            body: #"{"ids": [1, 77, \#(uuid)], "with_payload": {"include": ["year"]}, "with_vector": ["text"]}"#)
        #expect(read.list("result").count == 2)
        try await send("POST", Self.points, "songs", body: #"{"ids": [-1]}"#, status: 400)
        try await send("POST", Self.points, "none", body: #"{"ids": [1]}"#, status: 404)
        try await send("GET", Self.points + "/{id}", "songs", "1")
        try await send("GET", Self.points + "/{id}", "songs", Self.unknown)
        try await send("GET", Self.points + "/{id}", "songs", "77", status: 404)
        try await send("GET", Self.points + "/{id}", "songs", "1.5", status: 400)
    }

    mutating func changePoints() async throws {
        let vectors = #"{"points": [{"id": 1, "vector": {"sound": [1, 1, 1]}}]}"#
        try await send("PUT", Self.points + "/vectors", "songs", body: vectors)
        try await send("PUT", Self.points + "/vectors", "none", body: vectors, status: 404)
        let deletion = #"{"vector": ["sound"], "points": [4]}"#
        try await send("POST", Self.points + "/vectors/delete", "songs", body: deletion)
        try await send("POST", Self.points + "/vectors/delete", "songs", body: #"{"points": [4]}"#, status: 400)
        let payload = Self.points + "/payload"
        try await send("POST", payload, "songs", body: #"{"payload": {"a": {"b": 1}}, "points": [1]}"#)
        try await send("POST", payload, "songs", body: #"{"payload": {"c": 2}, "key": "a", "points": [1]}"#)
        try await send("POST", payload, "songs", body: #"{"payload": {"c": 2}, "points": [1, 77]}"#, status: 404)
        try await send("POST", payload + "/delete", "songs", body: #"{"keys": ["a.b"], "filter": \#(Self.filter)}"#)
        try await send("POST", payload + "/delete", "songs", body: #"{"points": [1]}"#, status: 400)
        try await send("PUT", payload, "songs", body: #"{"payload": {"year": 3}, "points": [4]}"#)
        try await send("POST", payload + "/clear", "songs", body: #"{"points": [4]}"#)
        try await send("POST", payload + "/clear", "songs", body: "{}", status: 400)
        let batch = try await send(
            "POST", Self.points + "/batch", "songs",
            body: """
                {"operations": [{"upsert": {"points": [\(Self.song("5", 2000))]}}, {"update_vectors": \(vectors)},
                 {"set_payload": {"payload": {"b": 1}, "points": [5]}},
                 {"delete_payload": {"keys": ["b"], "points": [5]}},
                 {"overwrite_payload": {"payload": {}, "points": [5]}}, {"clear_payload": {"points": [5]}},
                 {"delete_vectors": \(deletion)}, {"delete": {"points": [5]}}]}
                """)
        #expect(batch.list("result").count == 8)
        try await send("POST", Self.points + "/batch", "songs", body: #"{"operations": [{"x": {}}]}"#, status: 400)
        let filter = #"{"filter": {"must": [{"has_id": [18446744073709551615]}]}}"#
        try await send("POST", Self.points + "/delete", "songs", query: "wait=false", body: filter)
        try await send("POST", Self.points + "/delete", "songs", body: #"{"points": []}"#, status: 400)
    }

    mutating func findPoints() async throws {
        let common = #""limit": 3, "with_payload": true, "with_vector": true, "filter": \#(Self.filter)"#
        let queries = [
            "[1, 2]", "1", "\"\(Self.unknown)\"", #"{"nearest": [1, 2]}"#, #"{"sample": "random"}"#,
            #"{"order_by": {"key": "year", "direction": "desc", "start_from": 1990}}"#, #"{"order_by": "year"}"#,
            #"{"recommend": {"positive": [1], "negative": [[1, 0]], "strategy": "best_score"}}"#,
        ]
        for query in queries {
            let body = #"{"query": \#(query), "using": "text", "params": {"exact": true}, "offset": 0, \#(common)}"#
            let found = try await send("POST", Self.points + "/query", "songs", query: "consistency=all", body: body)
            #expect(found.json["result"]?["points"]?.elements.isEmpty == false, "\(query)")
        }
        let prefetch = #"[{"query": [1, 2], "using": "text"}, {"query": [1, 2, 3], "using": "sound", "limit": 5}]"#
        for query in [#"{"fusion": "dbsf"}"#, #"{"fusion": "rrf"}"#, #"{"rrf": {"k": 60, "weights": [1, 2]}}"#] {
            try await send(
                "POST", Self.points + "/query", "songs", body: #"{"prefetch": \#(prefetch), "query": \#(query)}"#)
        }
        let long = #"{"query": [1, 2, 3], "using": "text"}"#
        try await send("POST", Self.points + "/query", "songs", body: long, status: 400)
        try await send("POST", Self.points + "/query", "none", body: "{}", status: 404)
        let one = #"{"query": [1, 2], "using": "text"}"#
        try await send("POST", Self.points + "/query/batch", "songs", body: #"{"searches": [\#(one), {}]}"#)
        try await send("POST", Self.points + "/query/batch", "songs", body: #"{"searches": [1]}"#, status: 400)
        let search = #"{"vector": {"name": "text", "vector": [1, 2]}, "score_threshold": 0.5, \#(common)}"#
        try await send("POST", Self.points + "/search", "songs", body: search)
        try await send("POST", Self.points + "/search", "songs", body: #"{"vector": [1, 2]}"#, status: 400)
        try await send("POST", Self.points + "/search/batch", "songs", body: "{\"searches\": [\(search)]}")
        try await send(
            "POST", Self.points + "/recommend", "songs", body: #"{"positive": [1], "using": "text", \#(common)}"#)
        try await send("POST", Self.points + "/recommend", "songs", body: #"{"using": "text"}"#, status: 400)
        try await scrollAndCount()
    }

    private mutating func scrollAndCount() async throws {
        let scroll = Self.points + "/scroll"
        let first = try await send("POST", scroll, "songs", body: #"{"limit": 1, "with_payload": ["year"]}"#)
        #expect(first.json["result"]?["next_page_offset"] == .integer(2))
        try await send("POST", scroll, "songs", body: #"{"offset": 2, "filter": \#(Self.filter), "with_vector": true}"#)
        try await send("POST", scroll, "songs", body: #"{"order_by": {"key": "year"}}"#)
        try await send("POST", scroll, "songs", body: #"{"limit": 0}"#, status: 400)
        let count = try await send(
            "POST", Self.points + "/count", "songs", body: #"{"exact": true, "filter": \#(Self.filter)}"#)
        #expect(count.json["result"]?["count"] == .integer(2))
        try await send("POST", Self.points + "/count", "songs")
        try await send("POST", Self.points + "/count", "songs", body: #"{"filter": {"must": [1]}}"#, status: 400)
    }
}
