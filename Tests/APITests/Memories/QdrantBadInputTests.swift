import Core
import TestKit
import Testing

/// What is wrong in a request to Qdrant's routes is refused at once with its place, and nothing of the request is done.
@Suite(.timeLimit(.minutes(5))) struct QdrantBadInputTests {
    private static let points = "/collections/c/points"
    private static let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)

    /// Wrong points, and where they are wrong below `/points/1`.
    private static let wrongPoints: [(point: String, place: String)] = [
        (#"{"id":1.5,"vector":[1,2]}"#, "/id"), (#"{"id":-1,"vector":[1,2]}"#, "/id"),
        (#"{"id":"","vector":[1,2]}"#, "/id"), (#"{"id":"abc","vector":[1,2]}"#, "/id"),
        (#"{"id":18446744073709551616,"vector":[1,2]}"#, "/id"), (#"{"id":null,"vector":[1,2]}"#, "/id"),
        ("{\"id\":\"\(String(repeating: "1", count: 100_000))\",\"vector\":[1,2]}", "/id"),
        (#"{"id":1e3,"vector":[1,2]}"#, "/id"), (#"{"vector":[1,2]}"#, "/id"), (#"{"id":2}"#, "/vector"),
        (#"{"id":2,"vector":[1]}"#, "/vector"), (#"{"id":2,"vector":[]}"#, "/vector"),
        (#"{"id":2,"vector":[1,2,3]}"#, "/vector"), (#"{"id":2,"vector":[1,"2"]}"#, "/vector/1"),
        (#"{"id":2,"vector":[null,1]}"#, "/vector/0"), (#"{"id":2,"vector":[1e999,1]}"#, "/vector/0"),
        (#"{"id":2,"vector":[1,-1e39]}"#, "/vector/1"), (#"{"id":2,"vector":[[1,2]]}"#, "/vector"),
        (#"{"id":2,"vector":5}"#, "/vector"), (#"{"id":2,"vector":"AAAA"}"#, "/vector"),
        (#"{"id":2,"vector":"AACAPw=="}"#, "/vector"), (#"{"id":2,"vector":"AADAfwAAwH8="}"#, "/vector/0"),
        (#"{"id":2,"vector":"!"}"#, "/vector"), (#"{"id":2,"vector":{"x":[1,2]}}"#, "/vector/x"),
        (#"{"id":2,"vector":{"indices":[1],"values":[1]}}"#, "/vector"),
        (#"{"id":2,"vector":[1,2],"payload":[]}"#, "/payload"), (#"{"id":2,"vector":[1,2],"payload":5}"#, "/payload"),
        (#"{"id":2,"vector":[1,2],"more":5}"#, "/more"), ("5", "/points/1"),
    ]

    @Test(arguments: TestStore.Engine.allCases)
    func noPointOfABatchWithAWrongOneIsStored(_ engine: TestStore.Engine) async throws {
        try await withCollection(engine) { server in
            for (point, place) in Self.wrongPoints {
                let place = point == "5" ? place : "/points/1" + place
                let body = "{\"points\":[{\"id\":9,\"vector\":[1,2]},\(point)]}"
                try await refuses(server, "PUT", Self.points, body, place)
                try await refuses(
                    server, "POST", Self.points + "/batch", "{\"operations\":[{\"upsert\":\(body)}]}",
                    "/operations/0/upsert" + place)
            }
            for body in [#"{"points":[]}"#, "{}", #"{"points":{}}"#, #"{"points":null}"#] {
                try await refuses(server, "PUT", Self.points, body, "/points")
            }
            let batches = [
                #"{"ids":[9],"vectors":[]}"#: "/batch/vectors", #"{"vectors":[[1,2]]}"#: "/batch/ids",
                #"{"ids":[9],"vectors":[[1,2]],"payloads":[]}"#: "/batch/payloads",
                #"{"ids":[9,8],"vectors":[[1,2],[0]]}"#: "/batch/vectors/1",
            ]
            for (batch, place) in batches {
                try await refuses(server, "PUT", Self.points, "{\"batch\":\(batch)}", place)
            }
            let zero = #"{"points":[{"id":9,"vector":[1,2]},{"id":8,"vector":[0,0]}]}"#
            try await refuses(server, "PUT", "/collections/cosine/points", zero, "/points/1/vector")
            let operations = #"{"operations":[{"upsert":{"points":[{"id":9,"vector":[1,2]}]}},{"no":{}}]}"#
            try await refuses(server, "POST", Self.points + "/batch", operations, "/operations/1/no")
            let missing = """
                {"operations":[{"upsert":{"points":[{"id":9,"vector":[1,2]}]}},
                 {"set_payload":{"payload":{},"points":[77]}}]}
                """
            try await refuses(server, "POST", Self.points + "/batch", missing, "77", status: 404)
            for name in ["c", "cosine"] {
                let count = try await server.send("POST", "/collections/\(name)/points/count", "{}").json()
                #expect(count["result"]?["count"] == .integer(name == "c" ? 1 : 0))
                #expect(try await server.send("GET", "/collections/\(name)/points/9").status == 404)
            }
        }
    }

    @Test func collectionsThatCannotBeAreRefused() async throws {
        try await withCollection(.sqlite) { server in
            for size in ["0", "-1", "70000", "1000000000", "1e30", "1.5", "\"4\"", "null", "[]"] {
                let body = "{\"vectors\":{\"size\":\(size),\"distance\":\"Dot\"}}"
                try await refuses(server, "PUT", "/collections/new", body, "/vectors/size")
            }
            let names = (0...32).map { "\"v\($0)\":{\"size\":2,\"distance\":\"Dot\"}" }.joined(separator: ",")
            let wrong = [
                #"{"vectors":5}"#: "/vectors", #"{"vectors":[]}"#: "/vectors",
                "{\"vectors\":{\(names)}}": "/vectors", #"{"vectors":{"a":5}}"#: "/vectors/a",
                #"{"vectors":{"size":2}}"#: "/vectors/distance",
                #"{"vectors":{"size":2,"distance":"Cos"}}"#: "/vectors/distance",
                #"{"vectors":{"size":2,"distance":"Dot","hnsw_config":{"m":1e9}}}"#: "/vectors/hnsw_config/m",
                #"{"vectors":{"size":2,"distance":"Dot","datatype":"uint8"}}"#: "/vectors/datatype",
                #"{"vectors":{"size":2,"distance":"Dot"},"sparse_vectors":{"a":{}}}"#: "/sparse_vectors",
                #"{"vectors":{"size":2,"distance":"Dot"},"metadata":5}"#: "/metadata", "[]": "object",
            ]
            for (body, place) in wrong { try await refuses(server, "PUT", "/collections/new", body, place) }
            for name in ["a%2Fb", "%00", "a%3Cb", String(repeating: "n", count: 256), "%0A"] {
                let body = #"{"vectors":{"size":2,"distance":"Dot"}}"#
                try await refuses(server, "PUT", "/collections/\(name)", body, "name of a collection")
            }
            let fields = [
                #"{"field_schema":"keyword"}"#: "/field_name",
                #"{"field_name":"a","field_schema":"x"}"#: "/field_schema",
                #"{"field_name":"a","field_schema":{"type":"text","tokenizer":"x"}}"#: "/field_schema/tokenizer",
                #"{"field_name":"a..b"}"#: "/field_name", #"{"field_name":""}"#: "/field_name",
                "{\"field_name\":\"\(String(repeating: "a", count: 2_000))\"}": "/field_name",
            ]
            for (body, place) in fields { try await refuses(server, "PUT", "/collections/c/index", body, place) }
        }
    }

    private static let deepPrefetch =
        String(repeating: #"{"prefetch":"#, count: 9) + "{}" + String(repeating: "}", count: 9)
    private static let deepFilter =
        String(repeating: #"{"must":"#, count: 17) + "{}" + String(repeating: "}", count: 17)
    private static let many = Array(repeating: #"{"has_id":[1]}"#, count: 1_025).joined(separator: ",")
    private static let values = (0...65_536).map(String.init).joined(separator: ",")

    /// Wrong questions, and where they are wrong.
    private static let wrongQueries: [(body: String, place: String)] = [
        (#"{"limit":0}"#, "/limit"), (#"{"limit":-1}"#, "/limit"), (#"{"limit":1000000000}"#, "/limit"),
        (#"{"limit":"10"}"#, "/limit"), (#"{"limit":1.5}"#, "/limit"), (#"{"limit":1e400}"#, "/limit"),
        (#"{"limit":9223372036854775808}"#, "/limit"), (#"{"offset":-1}"#, "/offset"),
        (#"{"offset":9223372036854775807,"limit":10000}"#, "/offset"), (#"{"query":[]}"#, "/query"),
        (#"{"query":[1]}"#, "/query"), (#"{"query":[1,2,3]}"#, "/query"), (#"{"query":[1,"a"]}"#, "/query/1"),
        (#"{"query":[1,1e999]}"#, "/query/1"), (#"{"query":"abc"}"#, "/query"), (#"{"query":-1}"#, "/query"),
        (#"{"query":true}"#, "/query"), (#"{"query":{}}"#, "/query"), (#"{"query":{"x":1}}"#, "/query/x"),
        (#"{"query":{"nearest":[1]}}"#, "/query/nearest"), (#"{"query":{"nearest":[1,2],"mmr":{}}}"#, "/query"),
        (#"{"query":{"fusion":"x"}}"#, "/query/fusion"), (#"{"query":{"fusion":"rrf"}}"#, "/query"),
        (#"{"query":{"rrf":{"k":0}}}"#, "/query/rrf/k"),
        (#"{"query":{"rrf":{"weights":[1,"a"]}}}"#, "/query/rrf/weights/1"),
        (#"{"query":{"rrf":{"weights":[1e30]}}}"#, "/query/rrf/weights"),
        (#"{"query":{"order_by":"none"}}"#, "/query/order_by"), (#"{"query":{"order_by":"a..b"}}"#, "/query/order_by"),
        (#"{"query":{"order_by":{"key":"n","direction":"up"}}}"#, "/query/order_by/direction"),
        (#"{"query":{"order_by":{"key":"n","start_from":[]}}}"#, "/query/order_by/start_from"),
        (#"{"query":{"sample":"x"}}"#, "/query/sample"), (#"{"query":{"recommend":{}}}"#, "/query/recommend/positive"),
        (#"{"query":{"recommend":{"positive":[[1]]}}}"#, "/query/recommend/positive/0"),
        (#"{"query":{"recommend":{"negative":[1,[1]],"strategy":"best_score"}}}"#, "/query/recommend/negative/1"),
        (#"{"query":{"recommend":{"positive":[1],"strategy":"x"}}}"#, "/query/recommend/strategy"),
        (#"{"prefetch":[{},{"query":[1]}],"query":{"fusion":"rrf"}}"#, "/prefetch/1/query"),
        (#"{"prefetch":{"prefetch":[{"query":[1]}]},"query":{"fusion":"rrf"}}"#, "/prefetch/0/prefetch/0/query"),
        (#"{"prefetch":[{"limit":0}]}"#, "/prefetch/0/limit"), (deepPrefetch, "/prefetch"),
        ("{\"prefetch\":[\(Array(repeating: "{}", count: 300).joined(separator: ","))]}", "/prefetch"),
        (#"{"score_threshold":"x"}"#, "/score_threshold: "), (#"{"score_threshold":1e999}"#, "/score_threshold: "),
        (#"{"params":{"hnsw_ef":0}}"#, "/params/hnsw_ef"), (#"{"params":5}"#, "/params"), (#"{"using":5}"#, "/using"),
        (#"{"query":[1,2],"using":"none"}"#, "/using"), (#"{"lookup_from":{}}"#, "/lookup_from"),
        (#"{"shard_key":"a"}"#, "/shard_key"), (#"{"with_payload":5}"#, "/with_payload"),
        (#"{"with_payload":["a..b"]}"#, "/with_payload/0"), (#"{"with_payload":{"x":[]}}"#, "/with_payload"),
        (#"{"with_vector":5}"#, "/with_vector"), (#"{"with_vector":["","x"]}"#, "/with_vector"),
        (#"{"nonsense":1}"#, "/nonsense"), (#"{"filter":5}"#, "/filter"),
        (#"{"filter":{"nonsense":[]}}"#, "/filter/nonsense"), (#"{"filter":{"must":[5]}}"#, "/filter/must/0"),
        (#"{"filter":{"must":[{"key":"a"}]}}"#, "/filter/must/0"),
        (#"{"filter":{"must":[{"key":"a","like":"b"}]}}"#, "/filter/must/0/like"),
        (#"{"filter":{"must":[{"key":"a","match":{"regex":"b"}}]}}"#, "/filter/must/0/match/regex"),
        (#"{"filter":{"must":[{"key":"a","match":{"value":1.5}}]}}"#, "/filter/must/0/match/value"),
        (#"{"filter":{"must":[{"key":"a","match":{"value":9223372036854775808}}]}}"#, "/filter/must/0/match/value"),
        (#"{"filter":{"must":[{"key":"a","range":{"gt":"soon"}}]}}"#, "/filter/must/0/range/gt"),
        (#"{"filter":{"must":[{"key":"","is_null":true}]}}"#, "/filter/must/0/key"),
        (#"{"filter":{"min_should":{"conditions":[],"min_count":-1}}}"#, "/filter/min_should/min_count"),
        (#"{"filter":{"must":[{"slice":{"total":0,"index":0}}]}}"#, "/filter/must/0/slice"),
        (#"{"filter":{"must":[{"has_id":[-1]}]}}"#, "/filter/must/0/has_id/0"),
        ("{\"filter\":\(deepFilter)}", "/filter/must"),
        ("{\"filter\":{\"must\":[\(many)]}}", "/filter/must"),
        ("{\"filter\":{\"must\":[{\"has_id\":[\(values)]}]}}", "/filter/must/0/has_id"),
        ("{\"filter\":{\"must\":\(deep)}}", "deeper"), ("{\"query\":[NaN,1]}", "not valid JSON"),
        ("{\"query\":[Infinity,1]}", "not valid JSON"), ("[]", "object"), ("null", "object"), ("", "body"),
    ]

    @Test func questionsThatCannotBeAnsweredAreRefused() async throws {
        try await withCollection(.sqlite) { server in
            for (body, place) in Self.wrongQueries {
                try await refuses(server, "POST", Self.points + "/query", body, place)
                guard place.hasPrefix("/") else { continue }
                let batch = "{\"searches\":[{},\(body)]}"
                try await refuses(server, "POST", Self.points + "/query/batch", batch, "/searches/1" + place)
            }
            let others: [(path: String, body: String, place: String)] = [
                ("/search", "{}", "/vector"), ("/search", #"{"vector":[1]}"#, "/vector"),
                ("/search", #"{"vector":{"name":"","vector":[1]}}"#, "/vector/vector"),
                ("/search", #"{"vector":{"name":"x","vector":[1,2]}}"#, "/using"),
                ("/recommend", "{}", "/positive"), ("/recommend", #"{"positive":[[1]]}"#, "/positive/0"),
                ("/scroll", #"{"limit":0}"#, "/limit"), ("/scroll", #"{"offset":-1}"#, "/offset: "),
                ("/scroll", #"{"order_by":"none"}"#, "/order_by"), ("/count", #"{"exact":5}"#, "/exact"),
                ("/count", #"{"filter":5}"#, "/filter"), ("", #"{"ids":[1.5]}"#, "/ids/0"), ("", #"{"ids":5}"#, "/ids"),
                ("/delete", "{}", "/points"), ("/delete", #"{"points":[]}"#, "/points"),
                ("/delete", #"{"filter":{"x":[]}}"#, "/filter/x"),
                ("/delete", #"{"filter":[]}"#, "/filter: An object is expected"),
                ("/delete", #"{"filter":null}"#, "/points"),
                ("", "{}", "/ids"), ("", #"{"ids":null}"#, "/ids"),
                ("", #"{"ids":[1],"with_vector":["x"]}"#, "/with_vector"),
                ("/scroll", #"{"with_vector":["x"]}"#, "/with_vector"), ("/payload", #"{"points":[1]}"#, "/payload"),
                ("/payload", #"{"payload":{},"key":"a..b","points":[1]}"#, "/key"),
                ("/payload/delete", #"{"keys":["a..b"],"points":[1]}"#, "/keys/0"),
                ("/payload/delete", #"{"points":[1]}"#, "/keys"), ("/vectors/delete", #"{"points":[1]}"#, "/vector"),
                ("/vectors/delete", #"{"points":[1],"vector":["x"]}"#, "/vector"),
                ("/batch", #"{"operations":[]}"#, "/operations"), ("/batch", "{}", "/operations"),
            ]
            for (path, body, place) in others { try await refuses(server, "POST", Self.points + path, body, place) }
        }
    }

    // MARK: How it is asked

    private func withCollection(
        _ engine: TestStore.Engine, _ body: (LiveServer) async throws -> Void
    ) async throws {
        try await MemoryRoutesFixture.withServer(engine) { server in
            for (name, distance) in [("c", "Dot"), ("cosine", "Cosine")] {
                let made = try await server.send(
                    "PUT", "/collections/\(name)", "{\"vectors\":{\"size\":2,\"distance\":\"\(distance)\"}}")
                #expect(made.status == 200)
            }
            let put = try await server.send("PUT", Self.points, #"{"points":[{"id":1,"vector":[1,2]}]}"#)
            #expect(put.status == 200)
            try await body(server)
        }
    }

    private func refuses(
        _ server: LiveServer, _ method: String, _ path: String, _ body: String, _ part: String, status: Int = 400,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let start = ContinuousClock.now
        let answer = try await server.send(method, path, body)
        let told = "\(method) \(path) \(body.prefix(200))"
        #expect(answer.status == status, "\(told)", sourceLocation: sourceLocation)
        let text = try answer.json()["status"]?["error"]?.string ?? ""
        #expect(text.contains(part), "\(told): \(text.prefix(300))", sourceLocation: sourceLocation)
        #expect(ContinuousClock.now - start < .seconds(5), "\(told)", sourceLocation: sourceLocation)
    }
}
