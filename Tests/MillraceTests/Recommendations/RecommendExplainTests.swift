import Core
import Server
import TestKit
import Testing

/// `millrace recommend explain` with a real server.
@Suite(.timeLimit(.minutes(5))) struct RecommendExplainTests {
    @Test func itSaysWhatIsRecommendedAndWhy() async throws {
        let server = try await ObserverServer()
        for item in ["apple", "bread", "cheese"] {
            let entity = #"{"entity_id": "\#(item)", "entity_type": "product", "attributes": {}}"#
            _ = try await server.client.send("POST", "/api/v1/entities", JSONParser.parse(Array(entity.utf8)))
        }
        for user in ["ann", "bob", "cid", "dan the cook"] {
            for item in user.hasPrefix("dan") ? ["apple"] : ["apple", "bread"] {
                let interaction = """
                    {"user_id": "\(user)", "entity_id": "\(item)", "entity_type": "product",
                     "interaction_type": "purchase", "timestamp": "2026-01-0\(item == "apple" ? 1 : 2)T00:00:00Z"}
                    """
                _ = try await server.client.send(
                    "POST", "/api/v1/interactions", JSONParser.parse(Array(interaction.utf8)))
            }
        }
        // A model may be learnt anew between two questions.
        var (reason, model, report, text) = ("", "", JSONValue.null, "")
        try await server.until("a model says what goes with apple") {
            report = try await server.json("recommend", "explain", "dan the cook", "--count", "1")
            text = try await server.run("recommend", "explain", "dan the cook", "--count", "1").output
            reason = report["recommendations"]?.elements.first?["reason"]?.string ?? ""
            model = report["model"]?.string ?? "none"
            return reason.hasSuffix(" apple") && text.contains("\nmodel: \(model)\n")
        }
        #expect(report["recommendations"]?.elements.map { $0["entity_id"] } == [.string("bread")])
        #expect(report["history"]?.elements.map { $0["entity_id"] } == [.string("apple")])
        let lines = text.split(separator: "\n")
        #expect(lines.prefix(2) == ["user: dan the cook", "algorithm: hybrid"], "\(text)")
        #expect(lines.contains { $0.hasPrefix("bread") && $0.hasSuffix(reason) }, "\(text)")
        #expect(lines.contains { $0.hasPrefix("apple") && $0.hasSuffix("2026-01-01T00:00:00Z") }, "\(text)")
        #expect(!text.contains("cold start"))
        let whole = try await server.run("recommend", "explain", "dan the cook")
        let cheese = whole.output.split(separator: "\n").first { $0.hasPrefix("cheese") }
        #expect(cheese?.hasSuffix("Also available") == true, "nobody did anything with it: \(whole.output)")

        let stranger = try await server.run("recommend", "explain", "nobody")
        #expect(stranger.output.contains("\ncold start: "))
        #expect(stranger.output.hasSuffix("\nno interaction of this user is known\n"), "\(stranger.output)")
        let none = try await server.run("recommend", "explain", "nobody", "--entity-type", "tree")
        #expect(none.output.contains("\nnothing is recommended\n"), "\(none.output)")
        let popular = try await server.run("recommend", "explain", "nobody", "--algorithm", "popular")
        #expect(popular.output.contains("\nalgorithm: popular\n"), "\(popular.output)")
        let wrong = try await server.run("recommend", "explain", "nobody", "--algorithm", "magic")
        #expect(wrong.status == 1 && wrong.errors.contains("?algorithm: One of hybrid"), "\(wrong.errors)")
        #expect(try await server.run("recommend", "explain", "").status == 64)
        #expect(await server.process.stop() == 0)
    }
}
