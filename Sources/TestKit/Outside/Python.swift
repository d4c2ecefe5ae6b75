import Core
import Foundation

/// Programs of others, written in Python, whose word counts in tests: `make setup` fetches their packages.
public enum Python {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The words of a command that runs a script of `scripts/tests`.
    ///
    /// - throws: ``Failure`` `program_missing` when the packages are not there.
    static func command(_ script: String, _ arguments: [String] = []) throws -> [String] {
        let packages = root.appendingPathComponent(".tools/python").path
        guard FileManager.default.fileExists(atPath: packages) else {
            throw Failure(
                .unavailable, code: "program_missing",
                "The Python packages of the tests are not installed, and this test needs them. Run `make setup`.")
        }
        let path = root.appendingPathComponent("scripts/tests/\(script)").path
        return ["env", "PYTHONPATH=\(packages)", "PYTHONDONTWRITEBYTECODE=1", "python3", "-u", path] + arguments
    }

    /// Runs a script of `scripts/tests` to its end.
    ///
    /// - throws: ``Failure`` `program_missing` when Python or the packages are not there.
    public static func run(_ script: String, _ arguments: [String] = [], input: [UInt8] = []) throws -> Command.Result {
        try Command.run(command(script, arguments), input: input)
    }
}
