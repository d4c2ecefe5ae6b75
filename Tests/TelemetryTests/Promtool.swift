import Foundation

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
    func check(_ text: [UInt8]) throws -> (status: Int32, output: String) {
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["check", "metrics"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        // The tool reads all of its input before it writes anything, so neither pipe can fill up against the other.
        try input.fileHandleForWriting.write(contentsOf: Data(text))
        try input.fileHandleForWriting.close()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }

    struct Missing: Error, CustomStringConvertible {
        var description: String { "promtool is not installed: run `make setup`." }
    }
}
