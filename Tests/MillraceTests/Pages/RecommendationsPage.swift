import Core
import TestKit
import Testing

/// `docs/recommendations.md`, and a directory to run it in.
struct RecommendationsPage {
    private let page: Page
    private let directory: PageDirectory

    init() throws {
        page = try Page("docs/recommendations.md")
        directory = try PageDirectory(files: SampleNorthwind.files)
    }

    /// Runs all blocks in one shell.
    func follow() async throws {
        let shop = try Page("docs/import-northwind.md")
        var lines: [String] = []
        for block in page.blocks where block.language == "sh" {
            lines.append(PageDirectory.printing(block))
            if block.prose.contains("(import-northwind.md)") {
                lines += [shop.commands, Self.untilFed, PageDirectory.printing(block)]
            }
            if block.prose.contains("A moment later") { lines.append(Self.untilBought) }
            if block.prose.contains("until there is some of it again") { lines.append(Self.untilTakenBack) }
            lines.append(block.text)
            if block.text.contains("millrace serve") { lines.append("server=$!") }
        }
        try await directory.follow(page, by: lines + [Self.end], ports: ["8080"])
    }

    /// What the block with a text in it printed.
    func output(ofBlockWith text: String) throws -> String { try directory.output(page.block(with: text)) }

    /// What the block with a text in it was answered, line by line.
    func answers(toBlockWith text: String) throws -> [JSONValue] {
        try output(ofBlockWith: text).split(separator: "\n").map { line in
            try #require(try? JSONParser.parse(Array(line.utf8)), "\(line)")
        }
    }

    /// The answer that the page shows beneath the block with a text in it.
    func shown(afterBlockWith text: String) throws -> String {
        let number = try page.block(with: text).number
        return try #require(page.blocks.first { $0.number == number + 1 && $0.language == "json" }).text
    }

    /// The attributes of all entities by their ids, as they are in the end.
    func attributes() throws -> [String: JSONValue] {
        let lines = try directory.file("entities").split(separator: "\n")
        let entities = try lines.map { try JSONParser.parse(Array($0.utf8)) }
        return Dictionary(entities.map { ($0["entity_id"]?.string ?? "", $0["attributes"] ?? .null) }) { $1 }
    }

    /// The page promises the shop a moment after it is written.
    private static let untilFed = """
        fed() { [ "$(look '/export/interactions?format=ndjson' | grep -c purchase)" = \(SampleNorthwind.purchases) ]; }
        patiently fed
        """
    private static let untilBought = """
        bought() { look "/interactions/user/$ana?limit=1" | grep -q "$syrup"; }
        patiently bought
        """
    private static let untilTakenBack = """
        gone() { look "/entities/$syrup?entity_type=product" | grep -q '"available":false'; }
        patiently gone
        """
    private static let end = """
        look '/export/entities?format=ndjson' > entities
        kill $server
        wait $server
        """
}
