import Foundation
import TestKit
import Testing

/// The files of this repository that git knows.
struct Repository {
    /// Where the repository is.
    let root: URL
    /// The paths of its files from its root, sorted.
    let paths: [String]

    private let sources: [SwiftSource]

    /// The repository that this file stands in, read once for all rules.
    static func shared() throws -> Repository { try opened.get() }

    private static let opened = Result { try Repository() }

    private init() throws {
        root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let listing = try Command.run(["git", "-c", "safe.directory=*", "-C", root.path, "ls-files", "-z"])
        try #require(listing.status == 0, "git cannot list the files of \(root.path): \(listing.output)")
        let directory = root
        paths = listing.output.split(separator: "\0").map(String.init).sorted()
            // A file that was removed but not yet committed as removed is still listed.
            .filter { FileManager.default.fileExists(atPath: directory.appendingPathComponent($0).path) }
        sources = try paths.filter { $0.hasSuffix(".swift") }.map { path in
            let data = try Data(contentsOf: directory.appendingPathComponent(path))
            return SwiftSource(path: path, text: String(decoding: data, as: UTF8.self))
        }
    }

    /// The paths below a directory, or all, with one of the given endings.
    func files(in directory: String = "", _ endings: String...) -> [String] {
        paths.filter { path in path.hasPrefix(directory) && endings.contains { path.hasSuffix($0) } }
    }

    func bytes(of path: String) throws -> Data { try Data(contentsOf: root.appendingPathComponent(path)) }

    /// The text of a file, or nil when it is not text.
    func text(of path: String) throws -> String? { String(data: try bytes(of: path), encoding: .utf8) }

    /// The Swift files below a directory.
    func swiftSources(in directory: String) -> [SwiftSource] {
        sources.filter { $0.path.hasPrefix(directory) }
    }
}
