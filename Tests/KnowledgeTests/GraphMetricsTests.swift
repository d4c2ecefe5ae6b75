import ChangeLog
import Core
import Foundation
import Telemetry
import TestKit
import Testing

@testable import Knowledge

/// What is told of graphs in figures.
@Suite("Figures of graphs", .timeLimit(.minutes(5)))
struct GraphMetricsTests {
    @Test("Searches are counted by what they look for and by what, and take time", arguments: GraphPlace.allCases)
    func searches(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("twin")
        var search = GraphSearch("twin")
        search.origins = ["twin"]
        #expect(try world.find(search, .node, .breadthFirst, .fullText) == ["twin"])
        #expect(try world.find(search, .node, .fullText) == ["twin"])
        #expect(try world.find(search, .edge, .fullText).isEmpty)
        // What was found is found of the graph that a request holds, too.
        let held = world.role.present(of: TestStore.context.tenant).map(PastGraph.init)
        _ = try world.role.search(
            search, .episode, SectionSearch([.fullText]), of: TestStore.context.tenant, in: held)
        let searches = world.store.metrics.counter("graph_searches_total", "", labels: ["kind", "method"])
        let counted = ["node fulltext", "node bfs", "node similarity", "edge fulltext", "episode fulltext"].map {
            name in
            let parts = name.split(separator: " ").map(String.init)
            return searches.with(parts[0], parts[1]).value
        }
        #expect(counted == [2, 1, 0, 1, 1])
        let durations = world.store.metrics.histogram(
            "graph_search_duration_seconds", "", labels: ["kind", "methods"])
        for (methods, count) in [("fulltext", 1), ("fulltext+bfs", 1), ("bfs", 0)] {
            let distribution = durations.with("node", methods).distribution
            #expect(distribution.cumulativeCounts.last == count, "\(methods)")
            #expect((distribution.sum > 0) == (count > 0))
        }
    }

    @Test("All of them are told of in the guide")
    func documentation() async throws {
        let world = try await KnowledgeWorld(.falkorDB, settings: ["knowledge.shop": "true"])
        try await world.nodes("twin")
        _ = try world.find(GraphSearch("twin"), .node, .fullText)
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let guide = try String(contentsOf: root.appendingPathComponent("docs/knowledge.md"), encoding: .utf8)
        let exposition = String(decoding: PrometheusExposition.text(of: world.store.metrics), as: UTF8.self)
        let names = exposition.split(separator: "\n")
            .filter { $0.hasPrefix("# TYPE ") }.compactMap { $0.split(separator: " ").dropFirst(2).first }
            .filter { $0.hasPrefix("graph_") || $0.hasPrefix("shop_graph_") }
        #expect(names.count >= 8, "\(names)")
        for name in names { #expect(guide.contains("`\(name)`") || guide.contains("`\(name){"), "\(name)") }
    }
}
