import Testing

/// Dependencies between the rooms point downwards only, as ARCHITECTURE.md draws them.
@Suite struct RoomTests {
    /// The rooms from the lowest layer up. A room may import rooms of lower layers, so never one beside it.
    private static let layers = [
        ["Core"], ["Telemetry", "Expressions", "YAML"], ["Storage", "Outbound"], ["Caching"], ["ChangeLog"],
        ["Search", "Embedding", "Learning", "Workload"],
        ["Commerce", "Observers", "Memories", "Knowledge", "Recommendations"], ["API"], ["Server"],
        ["millrace"],
        ["TestKit"],
    ]
    /// Packages that only some rooms may import.
    private static let packages = [
        "Hummingbird": ["API", "Server", "TestKit"], "HummingbirdCore": ["API", "Server", "TestKit"],
        "CSQLite": ["Storage", "Search"], "CKernels": ["Search", "Learning"], "COpenBLAS": ["Learning"],
        "ArgumentParser": ["millrace"], "Histogram": ["Workload"], "Yams": ["YAML"], "Configuration": ["Server"],
    ]

    private let repository: Repository
    private let sources: [SwiftSource]

    init() throws {
        repository = try Repository.shared()
        sources = repository.swiftSources(in: "Sources/")
    }

    private func layer(of room: String) -> Int? { Self.layers.firstIndex { $0.contains(room) } }

    @Test func roomsImportLowerRoomsOnly() {
        for source in sources {
            guard let own = layer(of: source.target) else {
                Issue.record("\(source.path): give the room \(source.target) its layer in \(#fileID)")
                continue
            }
            for (module, line) in source.imports {
                if let other = layer(of: module) {
                    #expect(other < own, "\(source.place(line)): \(source.target) may not import \(module)")
                }
                if let rooms = Self.packages[module] {
                    #expect(rooms.contains(source.target), "\(source.place(line)): only \(rooms) import \(module)")
                }
            }
        }
    }

    @Test func everyRoomIsATargetAndIsOnTheMap() throws {
        let manifest = try #require(try repository.text(of: "Package.swift")).filter { !$0.isWhitespace }
        let map = try #require(try repository.text(of: "ARCHITECTURE.md"))
        for room in Set(sources.map(\.target)) {
            let isTarget = manifest.contains("room(\"\(room)\"") || manifest.contains("name:\"\(room)\"")
            #expect(isTarget, "Package.swift has no target \(room)")
            #expect(map.contains(room), "ARCHITECTURE.md does not draw \(room)")
        }
        for test in repository.swiftSources(in: "Tests/") {
            #expect(
                manifest.contains("tests(\"\(test.target.dropLast("Tests".count))\""),
                "\(test.path) belongs to no target of Package.swift")
        }
    }
}
