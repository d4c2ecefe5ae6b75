import Foundation

/// A process that waits for the end of the tests, which closes its standard input however they end, and cleans up then.
final class Guardian: @unchecked Sendable {
    private let input = Pipe()

    /// - parameters:
    ///   - script: what a shell then does.
    ///   - prefix: the command by which somebody else runs it.
    init(_ script: String, as prefix: [String] = []) throws {
        _ = try Program(
            prefix + ["sh", "-c", "cat >/dev/null; \(script)"], input: input.fileHandleForReading.fileDescriptor)
    }

    deinit {
        // The process may be gone already.
        try? input.fileHandleForWriting.close()
    }
}
