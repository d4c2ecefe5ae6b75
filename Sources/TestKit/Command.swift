import Core
import Foundation

/// A program of this machine, run to its end.
public enum Command {
    /// How a command ended.
    public struct Result: Sendable {
        /// Its status; 128 and the number of the signal when a signal ended it.
        public let status: Int32
        /// What it printed to standard output and to standard error.
        public let output: String
    }

    /// Runs a command.
    ///
    /// - parameters:
    ///   - arguments: its name or path, and what follows it.
    ///   - environment: its variables; nil means those of the tests.
    ///   - input: what it reads from standard input.
    /// - throws: ``Failure`` `program_missing` when it is not installed.
    @discardableResult
    public static func run(
        _ arguments: [String], environment: [String: String]? = nil, input: some Sequence<UInt8> = EmptyCollection()
    ) throws -> Result {
        let directory = try TemporaryDirectory()
        let said = directory.file("output")
        let read = directory.file("input")
        try Data(input).write(to: URL(fileURLWithPath: read))
        try Data().write(to: URL(fileURLWithPath: said))
        let inputFile = try FileHandle(forReadingFrom: URL(fileURLWithPath: read))
        let outputFile = try FileHandle(forWritingTo: URL(fileURLWithPath: said))
        let program = try Program(
            arguments, environment: environment, input: inputFile.fileDescriptor, output: outputFile.fileDescriptor,
            errors: outputFile.fileDescriptor)
        let status = program.wait()
        let output = try Data(contentsOf: URL(fileURLWithPath: said))
        return Result(status: status, output: String(decoding: output, as: UTF8.self))
    }
}
