import TestKit
import Testing

/// `docs/observers.md`, and a directory to run it in.
struct ObserversPage {
    private let page: Page
    private let directory: PageDirectory

    init() throws {
        page = try Page("docs/observers.md")
        directory = try PageDirectory(scripts: ["scripts/receive-webhooks"], files: SampleNorthwind.files)
    }

    /// Runs all blocks in one shell.
    func follow() async throws {
        try await directory.follow(
            page, by: try script(), ports: ["8080", "9000", "2525"],
            variables: ["PYTHONUNBUFFERED": "1", "PYTHONPATH": Page.file(".tools/python")])
    }

    /// What the block with a text in it printed.
    func output(ofBlockWith text: String) throws -> String { try directory.output(page.block(with: text)) }

    func file(_ name: String) throws -> String { try directory.file(name) }

    /// The blocks, with what the page tells the reader to do between them.
    private func script() throws -> [String] {
        let receiver = try page.block(with: "scripts/receive-webhooks").text
        var lines = [Self.patience]
        for block in page.blocks {
            lines.append(PageDirectory.printing(block))
            if block.prose.contains("import-northwind.md") {
                lines += [try Page("docs/import-northwind.md").commands, Self.untilDelivered]
            }
            if block.prose.contains("start it again with `--fail 0.3`") {
                lines += ["kill $receiver", "\(receiver) --fail 0.3 > hooks-2.log & receiver=$!"]
            }
            if block.language == "yaml" {
                lines.append("cat > observers.yaml <<'YAML'\n\(block.text)\nYAML")
            } else if block.text == receiver {
                lines.append("\(receiver) > hooks-1.log & receiver=$!")
            } else if block.text.contains("# in a third terminal") {
                // The packages are there already; and so it is the program itself that is ended at the end.
                let command = block.text.replacing("pip install aiosmtpd && ", with: "exec ")
                lines.append("{ \(command)\n} > terminal.log 2>&1 &")
            } else {
                lines.append(block.text)
            }
            if block.text.contains("millrace serve") { lines.append(Self.untilReady) }
        }
        return lines + [Self.end]
    }

    /// More of it than on a machine that does nothing else.
    private static let patience = "sleep() { command sleep $(($1 * 2)); }"
    private static let untilReady = #"patiently curl -sf -o ready "$MILLRACE_SERVER/ready""#
    private static let untilDelivered =
        "delivered() { [ $(wc -l < hooks-1.log) -ge \(SampleNorthwind.largeGermanOrders) ]; }\npatiently delivered"
    private static let end = """
        patiently grep -q 'Subject: Your order' terminal.log
        kill $server
        wait $server
        """
}
