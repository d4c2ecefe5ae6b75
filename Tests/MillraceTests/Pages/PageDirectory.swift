import Foundation
import TestKit
import Testing

/// A directory in which a page is followed, with the program under test where `make release` puts the real one.
struct PageDirectory {
    private let directory: TemporaryDirectory

    /// - parameters:
    ///   - scripts: what of the repository the page runs besides.
    ///   - files: what the page takes for granted.
    init(scripts: [String] = [], files: [(name: String, text: String)]) throws {
        directory = try TemporaryDirectory()
        for path in [".build/release", "scripts"] {
            try FileManager.default.createDirectory(
                atPath: directory.file(path), withIntermediateDirectories: true)
        }
        try link(".build/release/millrace", to: ServerProcess.binary)
        for path in scripts { try link(path, to: Page.file(path)) }
        for (name, text) in files { try write(text, to: name) }
    }

    private func link(_ name: String, to path: String) throws {
        try FileManager.default.createSymbolicLink(atPath: directory.file(name), withDestinationPath: path)
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
    }

    /// Runs what becomes of a page in one shell, and looks that it came to its end and that nothing was refused.
    ///
    /// - parameters:
    ///   - lines: its blocks, each after ``printing(_:)``, with what the page tells the reader to do between them.
    ///   - ports: those that the page names, that of the server first. Nobody knows who listens on them on this
    ///     machine, so each is another one.
    ///   - variables: what the shell has besides.
    func follow(
        _ page: Page, by lines: [String], ports: [String], variables: [String: String] = [:]
    ) async throws {
        let status = try await run(lines, ports: ports, variables: variables)
        let said = page.blocks.map { (try? output($0)) ?? "It was not run." }
        try #require(status == 0, "\(zip(page.blocks, said).map { "\($0.text)\n\($1)" }.joined(separator: "\n---\n"))")
        for (block, output) in zip(page.blocks, said) {
            #expect(!output.contains(/"status": ?[45]\d\d/), "\(block.text)\n\(output)")
        }
    }

    private func run(_ lines: [String], ports: [String], variables: [String: String]) async throws -> Int32 {
        let free = try ports.map { _ in try FreePort.find() }
        var text = ([Self.preamble] + lines).joined(separator: "\n") + "\n"
        for (known, port) in zip(ports, free) { text = text.replacing(known, with: "\(port)") }
        try write(text, to: "script")
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MILLRACE_") }
        let own = ["MILLRACE_API_PORT": "\(try #require(free.first))"].merging(variables) { $1 }
        // It ends whatever runs beside the shell as well.
        let program = try Program(
            ["timeout", "240", "bash", directory.file("script")], environment: inherited.merging(own) { $1 },
            directory: directory.path)
        return await program.waitForEnd()
    }

    /// The line after which all that is printed is the output of a block.
    static func printing(_ block: Page.Block) -> String { "exec > output-\(block.number) 2>&1" }

    /// What a block printed.
    func output(_ block: Page.Block) throws -> String { try file("output-\(block.number)") }

    func file(_ name: String) throws -> String { try String(contentsOfFile: directory.file(name), encoding: .utf8) }

    /// A shell of somebody who has built it already.
    private static let preamble = """
        set -e
        shopt -s expand_aliases
        make() { :; }
        patiently() { for _ in {1..600}; do ! "$@" || return 0; command sleep 0.1; done; return 1; }
        trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
        """
}
