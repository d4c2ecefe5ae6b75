import Core
import TestKit
import Testing

/// What users do with entities, and what is recommended to them.
extension ContractClient {
    mutating func keepEntities() async throws {
        let tea = #"{"entity_id": "tea", "entity_type": "product", "attributes": {"price": 9.5, "tags": ["hot"]}}"#
        let written = try await send("POST", "entities", body: tea, status: 201)
        #expect(written.text("tenant_id") == "default" && written.json["available"] == .bool(true))
        let again = try await send("POST", "entities", body: tea, status: 409)
        #expect(again.text("code") == "entity_exists")
        try await send("POST", "entities", body: #"{"entity_id": "tea", "entity_type": "product"}"#, status: 422)
        try await send("POST", "entities", body: "{", status: 400)
        try await send("POST", "entities", body: tea, headers: ["Content-Type": "text/plain"], status: 415)
        let batch = """
            {"entities": [{"entity_id": "mug", "entity_type": "product", "attributes": {}, "available": true},
             {"entity_id": "cup", "entity_type": "product", "attributes": {"name": "Cup", "look": [0.5, -1]},
              "tenant_id": "default"}],
             "tenant_id": "default"}
            """
        let many = try await send("POST", "entities/bulk", body: batch, status: 202)
        #expect(many.text("status") == "completed" && many.text("successful") == "2")
        // No id has a control character.
        let wrong = batch.replacing("mug", with: #"m\u0001g"#)
        let partly = try await send("POST", "entities/bulk", body: wrong, status: 202)
        #expect(partly.text("status") == "partially_completed")
        #expect(partly.list("errors").map { $0.text("index") } == ["0"])
        try await send("POST", "entities/bulk", body: #"{"entities": []}"#, status: 422)
        let entity = "entities/{id}"
        let product = "entity_type=product"
        #expect(try await send("GET", entity, "tea", query: product).json["attributes"]?["price"] == .number("9.5"))
        try await send("GET", entity, "tea", query: "entity_type=article&tenant_id=default", status: 404)
        try await send("GET", entity, "tea", status: 400)
        let gone = #"{"attributes": {"name": "Cup"}, "available": false, "tenant_id": null}"#
        #expect(try await send("PUT", entity, "cup", query: product, body: gone).json["available"] == .bool(false))
        try await send("PUT", entity, "pot", query: product, body: gone, status: 404)
        try await send("PUT", entity, "cup", query: product, body: #"{"attributes": {"a": null}}"#, status: 422)
        try await send("DELETE", entity, "cup", query: product, status: 204)
        try await send("DELETE", entity, "cup", query: product, status: 404)
    }

    mutating func keepInteractions() async throws {
        let view = """
            {"user_id": "ada", "entity_id": "tea", "entity_type": "product", "interaction_type": "view",
             "metadata": {"page": "start"}, "timestamp": "2026-01-01T00:00:00Z"}
            """
        let seen = try await send("POST", "interactions", body: view, status: 201)
        #expect(Double(seen.text("weight")) == 1 && seen.text("entity_type") == "product")
        #expect(try await send("POST", "interactions", body: view, status: 201).id == seen.id)
        try await send("POST", "interactions", body: view.replacing("\"view\"", with: "7"), status: 422)
        let batch = """
            {"interactions": [
             {"user_id": "eve", "entity_id": "mug", "entity_type": "product", "interaction_type": {"rating": 4.5}},
             {"user_id": "eve", "entity_id": "tea", "entity_type": "product", "interaction_type": {"custom": "wish"},
              "weight": 2}]}
            """
        let many = try await send("POST", "interactions/bulk", body: batch, status: 202)
        #expect(many.text("processed") == "2")
        let none = batch.replacing("eve", with: #"e\u0001e"#)
        let failed = try await send("POST", "interactions/bulk", body: none, status: 202)
        #expect(failed.text("status") == "failed" && failed.list("errors").map { $0.text("index") } == ["0", "1"])
        try await send("POST", "interactions/bulk", body: #"{"interactions": {}}"#, status: 422)
        let brought = view.replacing("\"tea\"", with: "\"jar\"").dropLast() + #", "create_entity": true}"#
        try await send("POST", "interactions", body: String(brought), status: 201)
        try await send("GET", "entities/{id}", "jar", query: "entity_type=product")
        let history = try await send("GET", "interactions/user/{id}", "eve", query: "limit=2&offset=1")
        #expect(try JSONParser.parse(history.body).elements.count == 1)
        try await send("GET", "interactions/user/{id}", "eve", query: "limit=0", status: 400)
        try await weighInteractions()
        try await describeUsers()
        let wish = "entity_id=tea&entity_type=product&tenant_id=default&interaction_type=wish"
        #expect(try await send("DELETE", "interactions/user/{id}", "eve", query: wish).text("deleted") == "1")
        #expect(try await send("DELETE", "interactions/user/{id}", "eve", query: wish).text("deleted") == "0")
        try await send("DELETE", "interactions/user/{id}", "eve", query: "entity_id=tea", status: 400)
    }

    private mutating func weighInteractions() async throws {
        let wish = #"{"interaction_type": "wish", "weight": 2.5, "description": "On a list"}"#
        let written = try await send("POST", "interaction-types", body: wish, status: 201)
        #expect(written.text("weight") == "2.5")
        try await send("POST", "interaction-types", body: #"{"interaction_type": "wish"}"#, status: 422)
        let list = try await send("GET", "interaction-types")
        let names = list.list("interaction_types").map { $0.text("interaction_type") }
        #expect(list.text("total") == "5" && names.last == "wish")
        let type = "interaction-types/{type}"
        #expect(Double(try await send("PUT", type, "wish", body: #"{"weight": 3}"#).text("weight")) == 3)
        try await send("PUT", type, "wish", body: #"{"weight": -1}"#, status: 422)
        #expect(try await send("GET", type, "view").json["created_at"] == .null)
        try await send("GET", type, "stare", status: 404)
        try await send("DELETE", type, "wish", status: 204)
        try await send("DELETE", type, "wish", status: 404)
    }

    private mutating func describeUsers() async throws {
        let user = "users/{id}"
        let body = #"{"attributes": {"city": "London", "age": 36}}"#
        try await send("PUT", user, "zoe", body: body, status: 201)
        try await send("PUT", user, "zoe", body: body)
        #expect(try await send("GET", user, "zoe").json["attributes"]?["city"] == .string("London"))
        try await send("PUT", user, "zoe", body: "{}", status: 422)
        let merge = "users/{id}/merge"
        let session = #"{"from": "session-1", "tenant_id": "default"}"#
        let seen = """
            {"user_id": "session-1", "entity_id": "mug", "entity_type": "product", "interaction_type": "view"}
            """
        try await send("POST", "interactions", body: seen, status: 201)
        let merged = try await send("POST", merge, "zoe", body: session)
        #expect(merged.text("moved") == "1" && merged.json["complete"] == .bool(true))
        #expect(try await send("POST", merge, "zoe", body: session).text("moved") == "0")
        try await send("POST", merge, "zoe", body: #"{"from": "zoe"}"#, status: 422)
        try await send("POST", merge, "zoe", body: "[", status: 400)
        try await send("POST", merge, "zoe", body: session, headers: ["Content-Type": "text/plain"], status: 415)
        try await send("DELETE", user, "zoe", status: 204)
        try await send("GET", user, "zoe", status: 404)
        try await send("DELETE", user, "zoe", status: 404)
    }

    mutating func recommendEntities() async throws {
        let query = "algorithm=popular&count=5&entity_type=product&tenant_id=default"
        let found = try await send("GET", "recommendations/user/{id}", "ada", query: query)
        #expect(found.list("recommendations").map { $0.text("entity_id") }.first == "mug")
        let all = try await send("GET", "recommendations/user/{id}", "ada", query: "include_seen=true")
        #expect(all.list("recommendations").contains { $0.text("entity_id") == "tea" })
        try await send("GET", "recommendations/user/{id}", "ada", query: "count=0", status: 400)
        let narrow = "entity_type=product&exclude=tea,pot&filter=price%20%3C%20100&category=hot,cold"
        try await send("GET", "recommendations/user/{id}", "ada", query: narrow)
        try await send("GET", "recommendations/user/{id}", "ada", query: "filter=%3C", status: 400)
        try await send("GET", "recommendations/entity/{id}", "tea", query: narrow)
        try await send("GET", "recommendations/entity/{id}", "tea", query: "entity_type=product&content_weight=0.5")
        let seen = "entity_type=product&include_seen=true"
        try await send("GET", "recommendations/entity/{id}", "tea", query: seen, status: 400)
        try await send("GET", "recommendations/entity/{id}", "pot", query: "entity_type=product", status: 404)
        try await send("GET", "recommendations/entity/{id}", "tea", status: 400)
        let hot = try await send("GET", "recommendations/trending", query: "category=hot")
        #expect(hot.list("trending").map { $0.text("entity_id") } == ["tea"])
        try await send("GET", "recommendations/trending", query: "category=hot,,cold", status: 400)
        try await askForRecommendations()
        let id = try #require(found.json["recommendation_id"]?.string)
        let followed = """
            {"user_id": "ada", "entity_id": "mug", "entity_type": "product", "interaction_type": "purchase",
             "recommendation_id": "\(id)"}
            """
        #expect(try await send("POST", "interactions", body: followed, status: 201).text("recommendation_id") == id)
        let other = followed.replacing(id, with: "other")
        try await send("POST", "interactions", body: other, status: 422)
        let day = "from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&tenant_id=default"
        let statistics = try await send("GET", "recommendations/statistics", query: day).list("statistics")
        #expect(statistics.contains { $0.json["interactions"]?["purchase"] == .number("1") })
        #expect(statistics.contains { $0.text("conversions") == "1" })
        try await send("GET", "recommendations/statistics", query: "from=soon", status: 400)
        let trending = try await send("GET", "recommendations/trending", query: "count=2")
        #expect(trending.text("count") == "2" && trending.text("algorithm") == "trending")
        try await send("GET", "recommendations/trending", query: "count=101", status: 400)
        try await send("GET", "recommendations/trending", query: "include_seen=true", status: 400)
        try await send("GET", "recommendations/trending", query: "collaborative_weight=1", status: 400)
        try await send("GET", "recommendations/trending", query: "diversity=0.5&entity_type=product")
    }

    private mutating func askForRecommendations() async throws {
        let tea = #"{"entity_id": "tea", "entity_type": "product"}"#
        let ada = """
            {"user_id": "ada", "exclude": [\(tea)], "count": 3, "filter": "price > 1000", "algorithm": "hybrid",
             "category": ["hot", "cold"],
             "weights": {"popular": 2}, "boosters": [{"filter": "price < 5", "factor": 3}], "diversity": 0.5,
             "exploration": 0, "rotation_rate": 0.5, "rotation_period": 60, "variant": "B"}
            """
        #expect(try await send("POST", "recommendations", body: ada).list("recommendations").isEmpty)
        let known = try await send("POST", "recommendations", body: #"{"history": [\#(tea)], "include_seen": false}"#)
        #expect(!known.list("recommendations").contains { $0.text("entity_id") == "tea" })
        try await send("POST", "recommendations", body: #"{"entity": \#(tea), "entity_type": "product"}"#)
        let hot = try await send("POST", "recommendations", body: #"{"category": "hot"}"#)
        #expect(hot.list("trending").map { $0.text("entity_id") } == ["tea"])
        try await send("POST", "recommendations", body: #"{"bundle": [\#(tea)], "category": null}"#)
        try await send("POST", "recommendations", body: #"{"category": []}"#, status: 422)
        #expect(try await send("POST", "recommendations", body: "{}").list("trending").isEmpty == false)
        try await send("POST", "recommendations", body: #"{"user_id": "ada", "entity": \#(tea)}"#, status: 422)
        try await send("POST", "recommendations", body: #"{"weights": {"popular": 1}}"#, status: 422)
        try await send("POST", "recommendations", body: "[", status: 400)
        try await send("POST", "recommendations", body: "{}", headers: ["Content-Type": "text/plain"], status: 415)
    }

    mutating func exportRecommendations() async throws {
        for (what, query) in [
            ("entities", "entity_type=product&last_modified_after=2020-01-01T00:00:00Z&include_vectors=true"),
            ("interactions", "start_date=2020-01-01T00:00:00Z&end_date=2100-01-01T00:00:00Z"),
            ("users", "include_vectors=true&tenant_id=default"),
        ] {
            let whole = try JSONParser.parse(try await send("GET", "export/\(what)", query: query).body).elements
            #expect(!whole.isEmpty)
            let lines = try await send("GET", "export/\(what)", query: query + "&format=ndjson").body
            #expect(lines.count { $0 == UInt8(ascii: "\n") } == whole.count)
            try await send("GET", "export/\(what)", query: query + "&format=csv")
            try await send("GET", "export/\(what)", query: "format=xml", status: 400)
        }
    }
}
