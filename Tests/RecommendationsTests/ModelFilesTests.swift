import Core
import Foundation
import Learning
import TestKit
import Testing

@testable import Recommendations

/// A file of a model is taken as a whole, or not at all.
@Suite struct ModelFilesTests {
    private let directory: TemporaryDirectory
    private let files: ModelFiles
    private let file: URL
    private let bytes: [UInt8]

    init() throws {
        directory = try TemporaryDirectory()
        files = ModelFiles(directory: directory.path)
        file = URL(fileURLWithPath: "\(directory.path)/1.model")
        var catalog = Catalog()
        for number in 0..<6 { _ = catalog.makeSlot(for: .product("p\(number)")) }
        let rows = (0..<12).map { row in (0..<4).map { HistoryEntry(item: Int32((row + $0) % 6)) } }
        var settings = HybridTraining.Settings()
        settings.factors = 4
        let matrix = InteractionMatrix(itemCount: 6, rows: rows)
        let model = RecommendationModel(
            name: "m", changeCount: 7, hybrid: try HybridTraining.train(matrix, settings: settings))
        try files.write(model, catalog, of: .first)
        bytes = [UInt8](try Data(contentsOf: file))
    }

    private func expectUnusable(_ broken: [UInt8], _ what: @autoclosure () -> String) throws {
        try Data(broken).write(to: file)
        do {
            _ = try files.read(.first)
            Issue.record("it was read: \(what())")
        } catch let failure as Failure {
            #expect(failure.code == "model_file_unusable", "\(what())")
        }
    }

    @Test func whatIsWholeIsRead() throws {
        let stored = try #require(try files.read(.first))
        #expect(stored.keys == (0..<6).map { ItemKey.product("p\($0)") })
        #expect(stored.model.name == "m" && stored.model.changeCount == 7)
        #expect(files.tenants == [.first])
        #expect(try files.read(Tenant(2)) == nil)
    }

    @Test func whatIsTornAnywhereIsNot() throws {
        for length in 0..<bytes.count { try expectUnusable(Array(bytes[..<length]), "\(length) of \(bytes.count)") }
        try expectUnusable(bytes + [0], "one more")
    }

    @Test func aBitThatIsAnotherIsNoticed() throws {
        var random = SeededRandom.fresh()
        for _ in 0..<1_000 {
            var broken = bytes
            let place = Int.random(in: broken.indices, using: &random)
            broken[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            try expectUnusable(broken, "byte \(place), \(random)")
        }
    }

    /// Of users who are forgotten nothing is kept.
    @Test func nothingIsLeftWhereNothingWasLearnt() throws {
        try files.write(RecommendationModel(), Catalog(), of: .first)
        #expect(try files.read(.first) == nil && files.tenants.isEmpty)
        try files.write(RecommendationModel(), Catalog(), of: .first)
    }
}
