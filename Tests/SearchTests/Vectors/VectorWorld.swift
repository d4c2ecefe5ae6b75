import TestKit
import Testing

@testable import Search

extension VectorIndexParameters {
    /// The same with a graph from so many vectors on, which may be fewer than codes should be fitted to.
    func with(exactBelow: Int) -> Self {
        var parameters = self
        parameters.exactBelow = exactBelow
        return parameters
    }
}

/// An index with a graph from the first vector on and, beside it, the vectors that must be in it.
struct VectorWorld {
    let index: VectorIndex
    let parameters: VectorIndexParameters
    private(set) var vectors: [UInt32: [Float]] = [:]
    private var nextLabel: UInt32 = 0

    init(_ metric: VectorMetric, dimensions: Int, m: Int, efConstruction: Int = 20, bound: Float = 1) {
        parameters = VectorIndexParameters(
            dimensions: dimensions, metric: metric, m: m, efConstruction: efConstruction
        ).with(exactBelow: 0)
        let memory = HNSWMemory(parameters.graph, ScalarQuantizer(bound: bound))
        index = VectorIndex(parameters, HNSWWriter(memory))
    }

    mutating func set(_ vector: [Float], label: UInt32) throws {
        try index.set(vector, label: label)
        vectors[label] = vector
    }

    /// Stores a vector under a new label and links it.
    mutating func insert(_ vector: [Float]) throws {
        try set(vector, label: nextLabel)
        nextLabel += 1
        link()
    }

    mutating func remove(_ label: UInt32) throws {
        forget(label)
        link()
    }

    /// Takes a label out and links nothing.
    mutating func forget(_ label: UInt32) {
        #expect(index.remove(label), "\(label) was not there")
        vectors[label] = nil
    }

    mutating func replace(_ label: UInt32, _ vector: [Float]) throws {
        try set(vector, label: label)
        link()
    }

    private func link() {
        while index.unlinkedCount > 0 { index.linkSome(1) }
    }

    /// A label that is there, by chance.
    func label(_ random: inout SeededRandom) -> UInt32? { vectors.keys.sorted().randomElement(using: &random) }

    /// The nearest of some vectors by a look at each.
    func nearest(_ query: [Float], k: Int, among allowed: (UInt32) -> Bool = { _ in true }) throws -> [UInt32] {
        let graph = parameters.graph
        let distances = VectorDistances(graph.metric)
        let query = try graph.metric.prepare(query, dimensions: graph.dimensions)
        return try vectors.filter { allowed($0.key) }
            .map { label, vector in
                let vector = try graph.metric.prepare(vector, dimensions: graph.dimensions)
                return (distances.between(query, vector, count: query.count) as Float, label)
            }
            .sorted { $0 < $1 }.prefix(k).map(\.1)
    }

    /// Searches in the graph, although a scan may be cheaper.
    func searchGraph(_ query: [Float], k: Int, ef: Int, among allowed: NodeSet? = nil) throws -> [UInt32] {
        let memory = index.memory
        let query = try index.prepare(query)
        return try memory.readers.read { scratch in
            memory.encode(query, &scratch)
            let code = scratch.code
            _ = code.withUnsafeBufferPointer { code in
                code.baseAddress.map { memory.searchGraph($0, allowed, breadth: ef, visits: .max, &scratch) }
            }
            let labels = scratch.nearest.contents.map { memory.labels[$0.node] }
            return memory.rank(labels) { memory.distance(query, $0) }.prefix(k).map(\.label)
        }
    }

    /// Holds all that must always hold: the invariants, that a search as wide as the graph finds every vector when all
    /// are linked, and that an exact search finds the nearest.
    func check(_ place: String) throws {
        let violations = index.checkInvariants()
        #expect(violations.isEmpty, "\(place): \(violations)")
        #expect(index.count == vectors.count, "\(place)")
        let query = [Float](repeating: 0.5, count: parameters.graph.dimensions)
        if index.unlinkedCount == 0, !vectors.isEmpty {
            let found = try searchGraph(query, k: vectors.count + 1, ef: vectors.count + 1)
            #expect(found.count == vectors.count && Set(found) == Set(vectors.keys), "\(place): \(found)")
        }
        let exact = try index.search(VectorSearch(query, k: 5, isExact: true)).map(\.label)
        #expect(try exact == nearest(query, k: 5), "\(place)")
    }
}
