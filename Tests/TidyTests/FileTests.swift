import Foundation
import Testing

/// Files are named after what they hold, and hold nothing that does not belong into the repository.
@Suite struct FileTests {
    private let repository: Repository

    init() throws {
        repository = try Repository.shared()
    }

    @Test func swiftFilesAreNamedAfterWhatTheyDeclare() throws {
        for source in repository.swiftSources(in: "Sources/") {
            let declared = source.code.compactMap { line in
                line.firstMatch(of: /^(?:[\w@]+ )*(?:struct|class|enum|actor|protocol|func|typealias) (\w+)/)
                    .map { String($0.1) }
            }
            let extended = source.code.compactMap { line in
                line.firstMatch(of: /^(?:public |@retroactive )*extension (\w+)/).map { String($0.1) }
            }
            let fits = declared.contains { $0.hasPrefix(source.name) } || names(source, after: declared + extended)
            #expect(fits, "\(source.path) declares \(declared) and extends \(extended), none of its name")
        }
    }

    /// Whether a file has the name of what it adds to a type: `Type+Capability`, `OrderRoutes` for the type `Routes`,
    /// or `Failures` for several of a type `Failure`.
    private func names(_ source: SwiftSource, after types: [String]) -> Bool {
        let type = source.name.split(separator: "+").first.map(String.init) ?? source.name
        if type != source.name { return types.contains(type) }
        return types.contains { type.hasSuffix($0) || type.hasSuffix("\($0)s") }
    }

    @Test func nothingIsLeftForLater() throws {
        // Put together here, so that this file does not find itself.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        for path in repository.paths {
            for (index, line) in try lines(of: path).enumerated() {
                let found = line.split { !$0.isLetter }.first { words.contains(String($0)) }
                #expect(found == nil, "\(path):\(index + 1): \(line)")
            }
        }
    }

    @Test func noFileNamesAPathOfOneMachine() throws {
        let prefixes = ["/" + "work/", "/" + "farm/", "/" + "tmp/bash_jobs", "/" + "tmp/wt"]
        for path in repository.paths {
            for (index, line) in try lines(of: path).enumerated() {
                #expect(!prefixes.contains { line.contains($0) }, "\(path):\(index + 1): \(line)")
            }
        }
    }

    @Test func noFileIsLargerThanAMegabyte() throws {
        for path in repository.paths {
            #expect(try repository.bytes(of: path).count <= 1_000_000, "\(path)")
        }
    }

    @Test func pagesHaveOneTitleAndLinksThatLeadSomewhere() throws {
        for path in repository.files(".md") {
            var isCode = false
            var titles: [Int] = []
            for (index, line) in try lines(of: path).enumerated() {
                if line.hasPrefix("```") { isCode.toggle() }
                guard !isCode else { continue }
                if line.hasPrefix("# ") { titles.append(index) }
                for match in line.matches(of: /\]\(([^)\s#]+)(?:#[^)\s]*)?\)/) where !match.1.contains("://") {
                    let base = repository.root.appendingPathComponent(path).deletingLastPathComponent()
                    let target = base.appendingPathComponent(String(match.1)).standardized.path
                    #expect(
                        match.1.hasPrefix("mailto:") || FileManager.default.fileExists(atPath: target),
                        "\(path):\(index + 1): there is no \(match.1)")
                }
            }
            #expect(titles == [0], "\(path) must begin with its only title")
        }
    }

    private func lines(of path: String) throws -> [Substring] {
        try repository.text(of: path)?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
    }
}
