import Foundation
import TestKit
import Testing

/// `docs/observers.md`, its blocks, and a directory to run them in.
struct ObserversPage {
    /// What stands between two fences.
    struct Block {
        let number: Int
        let language: String
        let text: String
        /// What the page says since the block before.
        let prose: String
    }

    let blocks: [Block]
    private let directory: TemporaryDirectory
    private let imports: String

    init() throws {
        directory = try TemporaryDirectory()
        blocks = Self.blocks(of: try Self.text("docs/observers.md"))
        imports = Self.blocks(of: try Self.text("docs/import-northwind.md")).filter { $0.language == "sh" }
            .map(\.text).joined(separator: "\n")
        let files = FileManager.default
        for path in [".build/release", "scripts"] {
            try files.createDirectory(atPath: directory.file(path), withIntermediateDirectories: true)
        }
        try files.createSymbolicLink(
            atPath: directory.file(".build/release/millrace"), withDestinationPath: ServerProcess.binary)
        try files.createSymbolicLink(
            atPath: directory.file("scripts/receive-webhooks"),
            withDestinationPath: Self.root.appending(path: "scripts/receive-webhooks").path)
        for (name, text) in SampleNorthwind.files {
            try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
        }
    }

    /// Runs all blocks in one shell, and returns its status.
    func run() async throws -> Int32 {
        let ports = [try FreePort.find(), try FreePort.find(), try FreePort.find()]
        var text = try script()
        // Nobody knows who listens on the ports of the page on this machine.
        for (known, port) in zip(["8080", "9000", "2525"], ports) { text = text.replacing(known, with: "\(port)") }
        try text.write(toFile: directory.file("script"), atomically: true, encoding: .utf8)
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MILLRACE_") }
        let own = [
            "MILLRACE_API_PORT": "\(ports[0])", "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": Self.root.appending(path: ".tools/python").path,
        ]
        // It ends whatever runs beside the shell as well.
        let program = try Program(
            ["timeout", "240", "bash", directory.file("script")], environment: inherited.merging(own) { $1 },
            directory: directory.path)
        return await program.waitForEnd()
    }

    /// What a block printed.
    func output(_ number: Int) throws -> String { try file("output-\(number)") }

    func file(_ name: String) throws -> String { try String(contentsOfFile: directory.file(name), encoding: .utf8) }

    /// The blocks, with what the page tells the reader to do between them.
    private func script() throws -> String {
        let receiver = try #require(blocks.first { $0.text.contains("scripts/receive-webhooks") }).text
        var lines = [Self.preamble]
        for block in blocks {
            lines.append("exec > output-\(block.number) 2>&1")
            if block.prose.contains("import-northwind.md") { lines += [imports, Self.untilDelivered] }
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
        return (lines + [Self.end]).joined(separator: "\n") + "\n"
    }

    /// A shell of somebody who has built it already, with more patience than on a machine that does nothing else.
    private static let preamble = """
        set -e
        shopt -s expand_aliases
        make() { :; }
        sleep() { command sleep $(($1 * 2)); }
        patiently() { for _ in {1..600}; do ! "$@" || return 0; command sleep 0.1; done; return 1; }
        trap 'kill $(jobs -p) || true' EXIT
        """
    private static let untilReady = #"patiently curl -sf -o ready "$MILLRACE_SERVER/ready""#
    private static let untilDelivered =
        "delivered() { [ $(wc -l < hooks-1.log) -ge \(SampleNorthwind.largeGermanOrders) ]; }\npatiently delivered"
    private static let end = """
        patiently grep -q 'Subject: Your order' terminal.log
        kill $server
        wait $server
        """

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func blocks(of page: String) -> [Block] {
        var blocks: [Block] = []
        var (prose, lines): ([Substring], [Substring]) = ([], [])
        var language: String?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("```") else {
                if language == nil { prose.append(line) } else { lines.append(line) }
                continue
            }
            if let known = language {
                blocks.append(
                    Block(
                        number: blocks.count + 1, language: known, text: lines.joined(separator: "\n"),
                        prose: prose.joined(separator: "\n")))
                (prose, lines, language) = ([], [], nil)
            } else {
                language = String(line.dropFirst(3))
            }
        }
        return blocks
    }
}
