import Foundation
import Testing

/// A page of the documentation, as blocks that somebody who follows it runs.
struct Page {
    /// What stands between two fences.
    struct Block {
        let number: Int
        let language: String
        let text: String
        /// What the page says since the block before.
        let prose: String
    }

    let blocks: [Block]

    /// A page by its path in the repository.
    init(_ path: String) throws {
        blocks = Self.blocks(of: try String(contentsOfFile: Self.file(path), encoding: .utf8))
    }

    /// The first block that has a text in it.
    func block(with text: String) throws -> Block {
        try #require(blocks.first { $0.text.contains(text) }, "no block with \(text)")
    }

    /// All that is to be run, one after the other.
    var commands: String { blocks.filter { $0.language == "sh" }.map(\.text).joined(separator: "\n") }

    /// Where a file of the repository is.
    static func file(_ path: String) -> String { root.appending(path: path).path }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

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
