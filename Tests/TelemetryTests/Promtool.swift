import Foundation
import TestKit

/// The checker of Prometheus itself, which `make setup` installs.
struct Promtool {
    private let path: String

    /// The installed tool.
    init() throws {
        let tools = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".tools/bin").path
        let environment = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = [tools] + environment.split(separator: ":").map(String.init)
        let found = directories.map { "\($0)/promtool" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else { throw Missing() }
        path = found
    }

    /// What `promtool check metrics` says of a text, with its exit status.
    func check(_ text: [UInt8]) throws -> Command.Result {
        try Command.run([path, "check", "metrics"], input: text)
    }

    struct Missing: Error, CustomStringConvertible {
        var description: String { "promtool is not installed: run `make setup`." }
    }
}
