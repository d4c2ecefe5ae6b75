/// A label with the distance of its vector.
struct RankedLabel: Comparable {
    let label: UInt32
    let distance: Float

    static func < (left: RankedLabel, right: RankedLabel) -> Bool {
        (left.distance, left.label) < (right.distance, right.label)
    }
}

/// Ranking by vectors of what was found by codes.
extension HNSWMemory {
    /// Whether the vector of every node is in memory.
    var hasAllVectors: Bool { keepsVectors && unfilled.count == 0 }

    /// The vector of a node.
    func copyOfVector(_ node: UInt32) -> [Float] {
        Array(UnsafeBufferPointer(start: vector(node), count: parameters.dimensions))
    }

    /// How far the vector of a node is from another, or as far as codes tell while only the code is there.
    func distance(_ vector: [Float], _ node: UInt32, code: [Int8]) -> Float {
        guard unfilled.count > 0, unfilled.contains(node), let quantizer else { return distance(vector, node) }
        return quantizer.estimate(ofCodeDistance: distance(code, node), parameters.metric)
    }

    /// Labels by the distances of their nodes, the nearest first. Each counts once; those without a node are left out.
    func rank(_ labels: [UInt32], distance: (UInt32) -> Float) -> [RankedLabel] {
        let found = labels.map { (label: $0, node: nodes[$0]) }.filter { $0.node != SharedNumbers.none }
        // All are on their way from memory while the first is looked at.
        if keepsVectors { for (_, node) in found { prefetchVector(node) } }
        let ranked = found.map { RankedLabel(label: $0.label, distance: distance($0.node)) }.sorted()
        // One that was found twice stands beside itself.
        return ranked.indices.filter { $0 == 0 || ranked[$0 - 1].label != ranked[$0].label }.map { ranked[$0] }
    }

    /// The labels with the greatest values of a function of their vectors, the greatest first.
    func best(
        _ k: Int, among allowed: NodeSet?, scoring: (UnsafeBufferPointer<Float>) -> Float
    ) throws -> [VectorHit] {
        let k = min(max(k, 0), count)
        guard k > 0 else { return [] }
        return try readers.read { scratch in
            scan(among: allowed, limit: k, &scratch, scoring: scoring)
            return scratch.nearest.contents.sorted().map { VectorHit(label: $0.node, score: -$0.floatDistance) }
        }
    }

    /// Looks at the vector of each label that is allowed, or at what its code says where the vector is not here, and
    /// leaves the labels of the greatest values in `scratch.nearest`.
    func scan(
        among allowed: NodeSet?, limit: Int, _ scratch: inout SearchScratch,
        scoring: (UnsafeBufferPointer<Float>) -> Float
    ) {
        var decoded = [Float](repeating: 0, count: parameters.dimensions)
        scan(among: allowed, limit: limit, &scratch) { node, label in
            let isHere = keepsVectors && (unfilled.count == 0 || !unfilled.contains(node))
            guard !isHere, let quantizer else {
                let vector = UnsafeBufferPointer(start: vector(node), count: parameters.dimensions)
                return Neighbor(label, floatDistance: -scoring(vector))
            }
            return decoded.withUnsafeMutableBufferPointer { decoded in
                quantizer.decode(code(node), into: decoded)
                return Neighbor(label, floatDistance: -scoring(UnsafeBufferPointer(decoded)))
            }
        }
    }
}

extension VectorIndex {
    /// How many vectors are read at once when all are to be compared.
    private static let sourceBatch = 1_000

    /// Labels by the distances of vectors that are read, the nearest first, at most `k`.
    func ranked(
        _ labels: [UInt32], k: Int, reading source: VectorSource, distance: ([Float]) -> Float
    ) throws -> [RankedLabel] {
        var best: [RankedLabel] = []
        let labels = Array(Set(labels))
        for start in stride(from: 0, to: labels.count, by: Self.sourceBatch) {
            let batch = Array(labels[start..<min(start + Self.sourceBatch, labels.count)])
            for (label, vector) in try source(batch) where vector.count == parameters.graph.dimensions {
                best.append(RankedLabel(label: label, distance: distance(vector)))
            }
            best = Array(best.sorted().prefix(max(0, k)))
        }
        return best
    }
}
