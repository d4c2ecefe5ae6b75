import Core
import Testing

/// `docs/knowledge.md`, and a directory to run it in.
struct KnowledgePage {
    private let page: Page
    private let directory: PageDirectory

    init() throws {
        page = try Page("docs/knowledge.md")
        directory = try PageDirectory(files: SampleNorthwind.files + SampleWordNet.files)
    }

    /// Runs all blocks in one shell, also those that need data which not everybody has.
    func follow() async throws {
        let (shop, graphs) = (try Page("docs/import-northwind.md"), try Page("docs/graphs.md"))
        var lines: [String] = []
        for block in page.blocks where ["sh", "sh skip"].contains(block.language) {
            lines.append(PageDirectory.printing(block))
            if block.prose.contains("(import-northwind.md)") {
                lines += [shop.commands, Self.untilTold(block), PageDirectory.printing(block)]
            }
            if block.prose.contains("(graphs.md#wordnet-for-example)") {
                lines += [Self.packed, try graphs.block(with: "wordnet-nodes").text]
            }
            lines.append(block.text)
            if block.text.contains("millrace serve") { lines.append("server=$!") }
        }
        try await directory.follow(page, by: lines + [Self.end], ports: ["8080"])
    }

    /// Each line that the block with a text in it printed.
    func lines(ofBlockWith text: String) throws -> [String] {
        try directory.output(page.block(with: text)).split(separator: "\n").map(String.init)
    }

    /// A line that is an answer.
    static func answer(_ line: String) throws -> JSONValue {
        try #require(try? JSONParser.parse(Array(line.utf8)), "\(line)")
    }

    /// What the block with a text in it was answered: an object in each line.
    func answers(toBlockWith text: String) throws -> [JSONValue] {
        try lines(ofBlockWith: text).map(Self.answer)
    }

    /// The answer that the page shows beneath the block with a text in it.
    func shown(afterBlockWith text: String) throws -> String {
        let number = try page.block(with: text).number
        return try #require(page.blocks.first { $0.number == number + 1 && $0.language == "json" }).text
    }

    /// The page promises the shop a moment after it is written: all of it is there once all buyers are.
    private static func untilTold(_ block: Page.Block) -> String {
        let total = #""total":\#(SampleNorthwind.buyers(ofSupplier: 7).count),"#
        return """
            buyers() { \(block.text)
            }
            told() { buyers | grep -q '\(total)'; }
            patiently told
            """
    }

    /// The files as they are handed on.
    private static let packed = "gzip wordnet-nodes.tsv wordnet-edges.tsv"
    private static let end = """
        kill $server
        wait $server
        """
}
