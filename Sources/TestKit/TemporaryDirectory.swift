import Foundation

/// A directory of its own for one test, removed when the last reference to it goes.
public final class TemporaryDirectory: Sendable {
    /// The directory.
    public let path: String

    /// Makes an empty directory.
    public init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // Nothing depends on the removal: the system clears its temporary files.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A file in the directory.
    public func file(_ name: String) -> String { "\(path)/\(name)" }
}
