import Testing

/// Files and functions are small enough to be read at a glance.
@Suite struct LayoutTests {
    private let sources: [SwiftSource]

    init() throws {
        let repository = try Repository.shared()
        sources =
            repository.swiftSources(in: "Sources/") + repository.swiftSources(in: "Tests/")
            + repository.swiftSources(in: "Package.swift")
        try #require(sources.count > 50)
    }

    @Test func linesHaveAtMost120Characters() {
        let long = sources.flatMap { source in
            source.lines.indices.filter { source.lines[$0].count > 120 }.map { source.place($0) }
        }
        #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
    }

    @Test func filesHaveAtMost400Lines() {
        let long = sources.filter { $0.lines.count > 401 }.map(\.path)
        #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
    }

    @Test func functionsHaveAtMost70Lines() {
        let long = sources.flatMap { source in
            SwiftFunction.all(in: source).filter { $0.length > 70 }.map {
                "\(source.place($0.start)): \($0.length) lines"
            }
        }
        #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
    }
}
