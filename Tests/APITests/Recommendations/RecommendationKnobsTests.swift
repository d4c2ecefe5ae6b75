import Core
import TestKit
import Testing

/// What a question says changes its answer, or is refused.
@Suite(.timeLimit(.minutes(5))) struct RecommendationKnobsTests {
    private static let path = "/api/v1/recommendations"

    private func withShop(_ body: (LiveServer) async throws -> Void) async throws {
        try await RecommendationRoutesFixture.withServer { server in
            let entities = (0..<40).map {
                #"{"entity_id": "e\#($0)", "entity_type": "product", "attributes": {"name": "Tea \#($0)", "#
                    + #""kind": "k\#($0 % 8)"}}"#
            }
            let rows = (0..<60).map {
                #"{"user_id": "u\#($0 % 12)", "entity_id": "e\#($0 * 7 % 20)", "entity_type": "product", "#
                    + #""interaction_type": "view"}"#
            }
            for (name, rows) in [("entities", entities), ("interactions", rows)] {
                let body = #"{"\#(name)": [\#(rows.joined(separator: ","))]}"#
                #expect(try await server.send("POST", "/api/v1/\(name)/bulk", body).status == 202)
            }
            try await body(server)
        }
    }

    private func waitForModel(_ server: LiveServer) async throws {
        try await wait {
            try await server.send("GET", "\(Self.path)/user/u1").json()["model"] != .string("none")
        }
    }

    @Test func whatCanChangeNothingIsRefused() async throws {
        try await withShop { server in
            let entity = "entity/e1?entity_type=product"
            for (query, status) in [
                ("trending?include_seen=true", 400), ("trending?collaborative_weight=0.5", 400),
                ("trending?content_weight=0.5", 400), ("trending?diversity=0.5", 200),
                ("\(entity)&include_seen=true", 400), ("\(entity)&collaborative_weight=0.5", 200),
                ("\(entity)&algorithm=session&collaborative_weight=0.5", 400),
                ("user/u1?include_seen=true&collaborative_weight=0", 200),
                ("user/u1?algorithm=popular&content_based_weight=1", 400),
                ("user/u1?filt%65r=kind%20%3D%3D%20%27k1%27", 200),
            ] {
                #expect(try await server.send("GET", "\(Self.path)/\(query)").status == status, "\(query)")
            }
            let key = #"{"entity_id": "e1", "entity_type": "product"}"#
            let weights = #""weights": {"popular": 1}"#
            for (body, pointer) in [
                (#"{"include_seen": true}"#, "/include_seen"), ("{\(weights)}", "/weights"),
                (#"{"algorithm": "hybrid"}"#, "/algorithm"), (#"{"algorithm": "session"}"#, "/algorithm"),
                (#"{"entity": \#(key), "include_seen": true}"#, "/include_seen"),
                (#"{"bundle": [\#(key)], "include_seen": true}"#, "/include_seen"),
                (#"{"bundle": [\#(key)], \#(weights)}"#, "/weights"),
                (#"{"user_id": "u1", "algorithm": "session", \#(weights)}"#, "/weights"),
                (#"{"user_id": "u1", "rotation_period": 60}"#, "/rotation_period"),
            ] {
                let answer = try await server.send("POST", Self.path, body)
                let errors = try answer.json()["errors"]?.elements ?? []
                #expect(answer.status == 422 && errors.first?["pointer"] == .string(pointer), "\(body)")
            }
            let everybody = try await server.send("POST", Self.path, "{}").json()
            #expect(everybody["algorithm"] == .string("trending"))
            for body in [
                #"{"entity": \#(key), \#(weights)}"#, #"{"history": [\#(key)], "include_seen": true, \#(weights)}"#,
                #"{"algorithm": "popular"}"#,
            ] {
                #expect(try await server.send("POST", Self.path, body).status == 200, "\(body)")
            }
        }
    }

    @Test func aReasonSaysWhichEntityItNames() async throws {
        try await withShop { server in
            try await waitForModel(server)
            let query = "entity/e3?entity_type=product&content_weight=1&count=2"
            let found = try await server.send("GET", "\(Self.path)/\(query)").json()["recommendations"]?.elements ?? []
            #expect(found.count == 2)
            for entry in found {
                #expect(entry["reason"] == .string("Similar to Tea 3"))
                #expect(entry["because"]?["entity_id"] == .string("e3"))
                #expect(entry["because"]?["entity_type"] == .string("product"))
            }
            let trending = try await server.send("GET", "\(Self.path)/trending").json()["trending"]?.elements ?? []
            #expect(trending.count == 10 && trending.allSatisfy { $0["because"] == nil })
        }
    }

    /// By one way of asking or the other, while models are learnt beside it.
    @Test(arguments: ["GET", "POST"]) func thePagesShowEverythingOnce(_ method: String) async throws {
        try await withShop { server in
            var (ids, id) = ([String](), "")
            for page in 0..<20 {
                let answer: JSONObject
                if method == "GET" {
                    let query = "count=7" + (id.isEmpty ? "" : "&recommendation_id=\(id)")
                    answer = try await server.send("GET", "\(Self.path)/user/u1?\(query)").json()
                } else {
                    let previous = id.isEmpty ? "null" : "\"\(id)\""
                    let body = #"{"user_id": "u1", "count": 7, "recommendation_id": \#(previous)}"#
                    answer = try await server.send("POST", Self.path, body).json()
                }
                let found = answer["recommendations"]?.elements ?? []
                if found.isEmpty { break }
                ids += found.compactMap { $0["entity_id"]?.string }
                id = answer["recommendation_id"]?.string ?? ""
                if page == 1 { try await waitForModel(server) }
            }
            // The user has seen five.
            #expect(ids.count == 35 && Set(ids).count == 35, "\(ids)")
        }
    }
}
