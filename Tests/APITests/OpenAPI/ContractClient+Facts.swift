import Core
import TestKit
import Testing

/// Facts that contradict each other, and what was known before.
extension ContractClient {
    mutating func relateNodes() async throws {
        let relation = "/graph/relations/{name}"
        let rule = #"{"cardinality": "many_to_one", "description": "where somebody lives"}"#
        try await send("PUT", relation, "LIVES_IN", body: rule, status: 201)
        #expect(try await send("PUT", relation, "LIVES_IN", body: rule).text("cardinality") == "many_to_one")
        #expect(try await send("GET", relation, "LIVES_IN").text("description") == "where somebody lives")
        #expect(try await send("GET", "/graph/relations").list("relations").map { $0.text("name") } == ["LIVES_IN"])
        try await send("PUT", relation, "LIVES_IN", body: #"{"cardinality": "one"}"#, status: 422)
        try await send("GET", relation, "NONE", status: 404)
        try await send("PUT", relation, "SHORT", body: "{}", status: 201)
        try await send("DELETE", relation, "SHORT", status: 204)
        try await send("DELETE", relation, "SHORT", status: 404)
        let triplet = """
            {"source_node": {"uuid": "eve", "name": "Eve"}, "target_node": {"name": "Rome"},
             "edge": {"uuid": "rome", "name": "LIVES_IN", "fact": "Eve lives in Rome",
                      "valid_at": "2010-01-01T00:00:00Z"}}
            """
        let first = try await send("POST", "/graph/triplets", body: triplet)
        #expect(first.text("created") == "3" && first.json["edges"]?.elements == [.string("rome")])
        let moved = triplet.replacing("Rome", with: "Oslo").replacing("rome", with: "oslo")
            .replacing("2010", with: "2015")
        let second = try await send("POST", "/graph/triplets", body: #"{"triplets": [\#(moved)]}"#)
        #expect(second.json["invalidated"]?.elements == [.string("rome")] && second.text("created") == "2")
        let rome = try await send("GET", "/graph/edges/{id}", "rome")
        #expect(rome.text("invalid_at") == "2015-01-01T00:00:00Z" && !rome.text("expired_at").isEmpty)
        try await send("POST", "/graph/triplets", body: #"{"edge": {"name": "IS"}}"#, status: 422)
        try await send("POST", "/graph/triplets", body: "{", status: 400)
        let held = #"{"query": "lives", "as_of": {"valid_at": "2012-01-01T00:00:00Z"}}"#
        let found = try await send("POST", "/search/edges", body: held).list("edges")
        #expect(found.map { $0.text("uuid") } == ["rome"])
        let wrong = """
            {"source_node_uuid": "eve", "target_node_uuid": "\(rome.text("target_node_uuid"))",
             "name": "LIVES_BY", "fact": "Eve lives by the Tiber", "expired_at": "2013-01-01T00:00:00Z"}
            """
        try await send("PUT", "/graph/edges/{id}", "wrong", body: wrong, status: 201)
        #expect(try await send("POST", "/search/edges", body: held).list("edges").map { $0.text("uuid") } == ["rome"])
        for known in ["", "&known_at=\(rome.text("updated_at"))"] {
            let around = try await send(
                "GET", "/graph/nodes/{id}/neighbors", "eve", query: "valid_at=2012-01-01T00:00:00Z" + known)
            #expect(around.list("edges").map { $0.text("uuid") } == ["rome"])
        }
        try await send("DELETE", "/graph/edges/{id}", "wrong", status: 204)
    }

    mutating func tellThePast() async throws {
        let batch = """
            {"nodes": [{"uuid": "cat", "name": "Cat"}, {"uuid": "tom", "name": "Tom"}, {"name": "Nameless"}],
             "episodes": [{"uuid": "seen", "content": "Tom was seen", "mentions": ["tom"]}],
             "edges": [{"source_node_uuid": "tom", "target_node_uuid": "cat", "name": "IS_A", "fact": "Tom is a cat"}]}
            """
        let written = try await send("POST", "/graph/bulk", body: batch)
        #expect(written.text("created") == "5" && written.json["nodes"]?.elements.count == 3)
        let twice = #"{"nodes": [{"uuid": "cat", "name": "A"}, {"uuid": "cat", "name": "B"}]}"#
        try await send("POST", "/graph/bulk", body: twice, status: 422)
        let dangling = #"{"edges": [{"source_node_uuid": "tom", "target_node_uuid": "nobody", "name": "IS"}]}"#
        try await send("POST", "/graph/bulk", body: dangling, status: 409)
        try await send("PUT", "/graph/nodes/{id}", "tomcat", body: #"{"name": "Tom", "labels": ["Cat"]}"#, status: 201)
        let merge = "/graph/nodes/{id}/merge"
        let merged = try await send("POST", merge, "tomcat", body: #"{"uuids": ["tom"]}"#)
        #expect(merged.text("version") == "1")
        try await send("POST", merge, "tomcat", body: #"{"uuids": ["tomcat"]}"#, status: 422)
        try await send("POST", merge, "tomcat", body: #"{"uuids": ["tom"]}"#, status: 404)
        #expect(try await send("GET", "/graph/nodes/{id}/neighbors", "cat").list("edges").count == 1)
        let history = try await send("GET", "/graph/nodes/{id}/history", "tom")
        #expect(history.json["current"] == .null && history.list("versions").count == 1)
        let now = try await send("GET", "/graph/nodes/{id}/history", "tomcat", query: "limit=5")
        #expect(now.list("facts").map { $0.text("fact") } == ["Tom is a cat"] && now.list("versions").isEmpty)
        try await send("GET", "/graph/nodes/{id}/history", "nobody", status: 404)
        #expect(try await send("GET", "/graph/edges/{id}/history", "rome").list("versions").count == 1)
        #expect(try await send("GET", "/graph/episodes/{id}/history", "seen").list("versions").count == 1)
        let before = try #require(history.list("versions").first?.text("recorded_at"))
        #expect(try await send("GET", "/graph/nodes/{id}", "tom", query: "known_at=\(before)").text("name") == "Tom")
        try await send("GET", "/graph/nodes/{id}", "tom", status: 404)
        try await send("GET", "/graph/nodes/{id}", "tom", query: "as_of=1990-01-01T00:00:00Z", status: 404)
        let around = try await send("GET", "/graph/nodes/{id}/neighbors", "tom", query: "known_at=\(before)")
        #expect(around.list("nodes").map { $0.text("uuid") } == ["cat"])
        let past = #"{"query": "tom", "as_of": {"known_at": "\#(before)"}}"#
        #expect(try await send("POST", "/search/nodes", body: past).list("nodes").map { $0.text("uuid") } == ["tom"])
    }

    mutating func listCommunities() async throws {
        let community = "/graph/communities/{id}"
        var client = self
        try await wait {
            try await client.send("GET", "/graph/communities").list("communities").contains {
                $0.text("uuid") == "community:cat"
            }
        }
        self = client
        let listed = try await send("GET", "/graph/communities", query: "limit=1000").list("communities")
        #expect(listed.first { $0.text("uuid") == "community:cat" }?.text("member_count") == "2")
        let found = try await send("GET", community, "community:cat")
        #expect(found.json["members"]?.elements.count == 2)
        try await send("GET", community, "cat", status: 404)
        #expect(try await send("GET", "/graph/communities", query: "group_ids=nothing").list("communities").isEmpty)
        let cats = #"{"query": "cat", "config": {"community_config": {"reranker": "rrf"}}}"#
        let communities = try await send("POST", "/search", body: cats)
        #expect(communities.list("communities").map { $0.text("best_member") } == ["cat"])
        #expect(communities.list("nodes").isEmpty)
        #expect(try await send("POST", "/search/communities", body: #"{"query": "tom"}"#).text("total") == "1")
        #expect(try await send("POST", "/search/communities", body: #"{"query": "nobody"}"#).text("total") == "0")
    }
}
