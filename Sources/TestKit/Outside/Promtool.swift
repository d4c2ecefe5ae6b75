import Core
import Foundation

/// The checker of Prometheus itself, which `make setup` installs.
public struct Promtool {
    private let path: String

    /// The installed tool.
    ///
    /// - throws: ``Failure`` `program_missing` when it is not installed.
    public init() throws {
        let tools = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../.tools/bin")
        let environment = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = [tools.standardized.path] + environment.split(separator: ":").map(String.init)
        let found = directories.map { "\($0)/promtool" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else {
            throw Failure(.internal, code: "program_missing", "promtool is not installed: run `make setup`.")
        }
        path = found
    }

    /// What `promtool check metrics` says of a text, with its exit status.
    public func check(_ text: [UInt8]) throws -> Command.Result {
        try Command.run([path, "check", "metrics"], input: text)
    }

    /// What `promtool check rules` says of a file of rules.
    public func check(rules file: String) throws -> Command.Result {
        try Command.run([path, "check", "rules", file])
    }

    /// What `promtool test rules` says of a file of tests.
    public func test(rules file: String) throws -> Command.Result {
        try Command.run([path, "test", "rules", file])
    }
}
