import Core
import Synchronization
import TestKit
import Testing

@testable import Search

/// Searches with filters find as many as there are, and the right ones, whatever the filter lets through.
@Suite struct VectorFilterTests {
    /// Vectors in clusters that are far apart, with the cluster of each.
    private static func clusters(_ count: Int, _ random: inout SeededRandom) -> [(vector: [Float], cluster: Int)] {
        let centers = (0..<10).map { _ in (0..<16).map { _ in Float.random(in: -1...1, using: &random) } }
        return (0..<count).map { _ in
            let cluster = Int.random(in: 0..<10, using: &random)
            return (centers[cluster].map { $0 + Float.random(in: -0.2...0.2, using: &random) }, cluster)
        }
    }

    @Test(arguments: [false, true], [false, true])
    func everySelectivityReachesRecall(isOnDisk: Bool, isLinked: Bool) throws {
        var random = SeededRandom.fresh()
        let drawn = Self.clusters(3_040, &random)
        let (data, queries) = (Array(drawn.prefix(3_000)), drawn.suffix(40).map(\.vector))
        let parameters = VectorIndexParameters(
            dimensions: 16, metric: .euclid, m: 8, efConstruction: 60, searchBreadth: 60, isOnDisk: isOnDisk,
            exactBelow: 500)
        let index = VectorIndex(parameters)
        for (label, point) in data.enumerated() { try index.set(point.vector, label: UInt32(label)) }
        index.linkSome(isLinked ? .max : 2_000)
        let source: VectorSource = { labels in
            Dictionary(uniqueKeysWithValues: labels.map { ($0, data[Int($0)].vector) })
        }
        for part in [1, 0.5, 0.1, 0.01, 0.001] {
            let shuffled = data.indices.shuffled(using: &random)
            let byCluster = shuffled.sorted { data[$0].cluster < data[$1].cluster }
            for labels in [shuffled, byCluster] {
                let allowed = NodeSet(labels.prefix(Int(part * 3_000)).map(UInt32.init))
                var total = 0.0
                for query in queries {
                    let search = VectorSearch(query, k: 10, among: allowed)
                    let hits = try index.search(search, reading: source)
                    #expect(hits.count == min(10, allowed.count), "\(random), \(part)")
                    #expect(hits.allSatisfy { allowed.contains($0.label) }, "\(random)")
                    total += try index.recall(of: search, reading: source)
                }
                let kind = labels == byCluster ? "clusters" : "any"
                #expect(total / 40 >= 0.95, "\(random), \(kind) \(part): \(total / 40)")
            }
        }
    }

    /// The one nearest node of an upper level may lie in another cluster than the query, from where no link of the
    /// lowest level leads out again. With this seed it did.
    @Test func everyClusterIsReached() throws {
        var random = SeededRandom(seed: 6_790_398_433_654_954_921)
        let drawn = Self.clusters(3_040, &random)
        let parameters = VectorIndexParameters(
            dimensions: 16, metric: .euclid, m: 8, efConstruction: 60, searchBreadth: 60, exactBelow: 500)
        let index = VectorIndex(parameters)
        for (label, point) in drawn.prefix(3_000).enumerated() { try index.set(point.vector, label: UInt32(label)) }
        index.linkSome(.max)
        for query in drawn.suffix(40) {
            #expect(try index.recall(of: VectorSearch(query.vector, k: 10)) >= 0.5)
        }
    }

    @Test func theCheaperWayIsChosen() {
        func plan(_ linked: Int, _ allowed: Int) -> SearchPlan {
            SearchPlan.choose(linked: linked, allowed: allowed, breadth: 64, m: 16)
        }
        #expect(plan(100_000, 100_000) == .graph(visits: 50_000))
        #expect(plan(100_000, 50_000) == .graph(visits: 25_000))
        #expect(plan(100_000, 1_000) == .scan)
        #expect(plan(100_000, 0) == .scan)
        #expect(plan(0, 100) == .scan)
        #expect(plan(500, 500) == .scan)
    }

    /// What is allowed lies far from the query, so that the graph leads through everything else first.
    @Test func aSearchThatGoesAstrayIsGivenUpForAScan() throws {
        let index = VectorIndex(
            VectorIndexParameters(dimensions: 2, metric: .euclid, m: 4, searchBreadth: 10), sample: [[2_000, 0]])
        for label in 0..<2_000 { try index.set([Float(label), 0], label: UInt32(label)) }
        index.linkSome(.max)
        let allowed = NodeSet(1_600..<2_000)
        #expect(SearchPlan.choose(linked: 2_000, allowed: 400, breadth: 10, m: 4) == .graph(visits: 200))
        #expect(try index.search(VectorSearch([0, 0], k: 3, among: allowed)).map(\.label) == [1_600, 1_601, 1_602])
    }

    @Test func vectorsOnDiskAreReadToRankBy() throws {
        var random = SeededRandom.fresh()
        let data = Self.clusters(700, &random).map(\.vector)
        let index = VectorIndex(
            VectorIndexParameters(dimensions: 16, metric: .dot, isOnDisk: true, exactBelow: 600))
        let mostRead = Mutex(0)
        let source: VectorSource = { labels in
            mostRead.withLock { $0 = max($0, labels.count) }
            return Dictionary(uniqueKeysWithValues: labels.filter { $0 != 5 }.map { ($0, data[Int($0)]) })
        }
        for label in 0..<600 { try index.set(data[label], label: UInt32(label)) }
        #expect(try index.search(VectorSearch(data[5], k: 600)).contains { $0.label == 5 })
        #expect(mostRead.withLock { $0 } == 0)
        for label in 600..<700 { try index.set(data[label], label: UInt32(label)) }
        index.linkSome(.max)
        #expect(index.bytes.vectors == 0 && index.bytes.codes == 700 * 64)
        #expect(try index.vector(3) == nil)
        #expect(throws: Failure.self) { try index.search(VectorSearch(data[5], k: 1)) }
        let found = try index.search(VectorSearch(data[5], k: 700), reading: source)
        #expect(Set(found.map(\.label)) == Set((0..<700).filter { $0 != 5 }))
        let few = try index.search(VectorSearch(data[5], k: 1), reading: source)
        #expect(few == Array(found.prefix(1)))
        #expect(mostRead.withLock { $0 } == 700)
        let exact = try index.search(VectorSearch(data[9], k: 3, isExact: true), reading: source)
        #expect(try index.recall(of: VectorSearch(data[9], k: 3), reading: source) > 0.6)
        #expect(exact.count == 3)
        // Codes choose what is read, so some of the best may be missed; what is found has its true value.
        let best = try index.best(20, reading: source) { $0[0] + $0[1] }
        let values = data.map { $0[0] + $0[1] }
        let expected = data.indices.filter { $0 != 5 }.sorted { values[$0] > values[$1] }.prefix(20)
        #expect(best.count == 20 && best.count { expected.contains(Int($0.label)) } >= 12)
        #expect(best.allSatisfy { $0.score == values[Int($0.label)] })
    }

    @Test func recallCountsWhatIsMissed() throws {
        let parameters = VectorIndexParameters(dimensions: 1, metric: .euclid).with(exactBelow: 0)
        // Such codes tell nothing apart, so what is found is a matter of chance.
        let memory = HNSWMemory(parameters.graph, ScalarQuantizer(bound: 1e9))
        let index = VectorIndex(parameters, HNSWWriter(memory))
        for label in 0..<500 { try index.set([Float((label * 7919) % 500)], label: UInt32(label)) }
        #expect(try index.recall(of: VectorSearch([250], k: 5)) < 1)
        #expect(try index.recall(of: VectorSearch([250], k: 5, isExact: true)) == 1)
        #expect(try index.recall(of: VectorSearch([250], k: 5, among: NodeSet())) == 1)
    }

    @Test func codesThatNoLongerFitAreNoticed() throws {
        var random = SeededRandom.fresh()
        for (scale, isDrifted) in [(Float(1), false), (3, true), (0.01, true), (0.5, false)] {
            let index = VectorIndex(VectorIndexParameters(dimensions: 32, metric: .dot, exactBelow: 400))
            func write(_ scale: Float, _ count: Int) throws {
                for label in 0..<count {
                    let vector = (0..<32).map { _ in Float.random(in: -scale...scale, using: &random) }
                    try index.set(vector, label: UInt32(label))
                }
            }
            try write(1, 2_400)
            #expect(!index.isDrifted, "\(random)")
            try write(scale, 4_000)
            #expect(index.isDrifted == isDrifted, "\(random), \(scale)")
        }
    }
}
