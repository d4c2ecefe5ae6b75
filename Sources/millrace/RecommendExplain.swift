import ArgumentParser
import Core
import Server

/// `millrace recommend explain`: why a user gets what they get.
struct RecommendExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Shows what a running server recommends to a user, why, and what it knows of them.")

    @Argument(help: "The id of the user.") var user: String
    @Option(help: "How many items, up to 100.") var count = 10
    @Option(help: "hybrid, collaborative, content_based, session, popular or trending") var algorithm: String?
    @Option(help: "Only entities of this type.") var entityType: String?
    @Option(help: "How many of the latest interactions are shown, up to 1000.") var history = 10
    @Option(help: "text or json") var format = Config.Format.text
    @OptionGroup var target: TargetOptions

    func validate() throws {
        if user.isEmpty { throw ValidationError("The id of a user has a character at least.") }
    }

    func run() async throws {
        let client = try target.client()
        let path = RequestPath(
            "/api/v1/recommendations/user", user,
            query: [("count", String(count)), ("algorithm", algorithm), ("entity_type", entityType)])
        let found = try await client.json("GET", path.text)
        let past = RequestPath("/api/v1/interactions/user", user, query: [("limit", String(history))])
        let answer = try await client.send("GET", past.text)
        let interactions = try JSONParser.parse(answer.body)
        format.print(
            .object(JSONObject(found.members + [.init("history", interactions)])),
            lines(found, interactions.elements))
    }

    private func lines(_ found: JSONObject, _ interactions: [JSONValue]) -> [String] {
        let isCold = found["cold_start"] == .bool(true)
        let head = [
            "user: \(user)", "algorithm: \(found["algorithm"].text)", "model: \(found["model"].text)",
            isCold ? "cold start: too little is known of this user, so popular items stand here" : nil,
        ].compactMap(\.self)
        let entries = found["recommendations"].elements.enumerated().map { place, entry in
            [
                entry["entity_id"].text, entry["entity_type"].text, String(place + 1),
                String(entry["score"].text.prefix(8)), entry["reason"].text,
            ]
        }
        let past = interactions.map { interaction in
            [
                interaction["entity_id"].text, interaction["entity_type"].text,
                interaction["interaction_type"]?.text ?? interaction["interaction_type"]?.json ?? "",
                interaction["weight"].text, interaction["timestamp"].text,
            ]
        }
        let recommended =
            entries.isEmpty
            ? ["nothing is recommended"]
            : TextTable(["RECOMMENDED", "TYPE", "RANK", "SCORE", "REASON"], entries).lines
        let known =
            past.isEmpty
            ? ["no interaction of this user is known"]
            : TextTable(["HISTORY", "TYPE", "INTERACTION", "WEIGHT", "TIME"], past).lines
        return head + [""] + recommended + [""] + known
    }
}
