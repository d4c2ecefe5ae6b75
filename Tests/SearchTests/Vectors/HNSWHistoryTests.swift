import TestKit
import Testing

@testable import Search

/// Whatever comes and goes, each node is reached, links are sound, and a node that is gone is not found.
@Suite struct HNSWHistoryTests {
    private static func vector(_ random: inout SeededRandom, dimensions: Int) -> [Float] {
        (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) }
    }

    @Test(arguments: VectorMetric.allCases, [2, 3, 8])
    func randomHistories(metric: VectorMetric, m: Int) throws {
        var random = SeededRandom.fresh()
        var world = VectorWorld(metric, dimensions: 3, m: m)
        for step in 0..<360 {
            // It grows, is worn down to nearly nothing, and grows again.
            let growth = [7, 2, 6][step / 120]
            let choice = Int.random(in: 0..<10, using: &random)
            let label = world.label(&random)
            switch (choice, label) {
            case (growth..<9, .some(let label)): try world.remove(label)
            case (9, .some(let label)): try world.replace(label, Self.vector(&random, dimensions: 3))
            default: try world.insert(Self.vector(&random, dimensions: 3))
            }
            try world.check("\(random), step \(step)")
        }
    }

    /// Vectors of which many are equal, and such as the codes cannot tell apart.
    @Test(arguments: VectorMetric.allCases)
    func equalVectors(metric: VectorMetric) throws {
        var random = SeededRandom.fresh()
        var world = VectorWorld(metric, dimensions: 2, m: 2)
        let vectors: [[Float]] = [[1, 0], [1, 0.0001], [0, 1], [-1, 0], [40, 0]]
        for step in 0..<200 {
            try world.insert(vectors[Int.random(in: 0..<vectors.count, using: &random)])
            if step % 3 == 2, let label = world.label(&random) { try world.remove(label) }
            try world.check("\(random), step \(step)")
        }
    }

    /// Points along a line, one after the other, make the deepest tree; points around a center the widest.
    @Test func linesAndStars() throws {
        var line = VectorWorld(.euclid, dimensions: 1, m: 2, bound: 100)
        for step in 0..<120 {
            try line.insert([Float(step) - 60])
            try line.check("line, step \(step)")
        }
        for node in line.vectors.keys.sorted().filter({ $0 % 3 == 0 }) {
            try line.remove(node)
            try line.check("line without \(node)")
        }
        var star = VectorWorld(.euclid, dimensions: 64, m: 2)
        try star.insert([Float](repeating: 0, count: 64))
        for step in 0..<128 {
            var point = [Float](repeating: 0, count: 64)
            point[step / 2] = step.isMultiple(of: 2) ? 1 : -1
            try star.insert(point)
            try star.check("star, step \(step)")
        }
        try star.remove(0)
        try star.check("star without its center")
    }

    @Test func whatIsEmptiedIsFilledAgain() throws {
        var random = SeededRandom.fresh()
        var world = VectorWorld(.dot, dimensions: 4, m: 3)
        for round in 0..<4 {
            for _ in 0..<60 { try world.insert(Self.vector(&random, dimensions: 4)) }
            while let label = world.label(&random) {
                try world.remove(label)
                try world.check("\(random), round \(round)")
            }
            #expect(try world.index.search(VectorSearch([1, 1, 1, 1], k: 3)).isEmpty)
        }
    }

    /// A link that is taken out behind the graph's back must be noticed, or the invariants prove nothing.
    @Test func brokenGraphsAreNoticed() {
        let memory = HNSWMemory(HNSWParameters(dimensions: 2, metric: .euclid, m: 2), ScalarQuantizer(bound: 1))
        var writer = HNSWWriter(memory)
        for step in 0..<20 {
            writer.set([Float(step) / 20, 0.5], label: UInt32(step))
            let isLinked = writer.linkNext()
            #expect(isLinked)
        }
        #expect(writer.violations().isEmpty)
        let link = memory.links(7, 0).nodes[0]
        memory.links(7, 0).remove(link)
        #expect(writer.violations().contains { $0.contains("does not link back") })
        memory.links(7, 0).add(7)
        #expect(writer.violations().contains { $0.contains("links to itself") })
        for node in memory.links(7, 0).nodes { memory.links(node, 0).remove(7) }
        memory.links(7, 0).clear()
        #expect(writer.violations().contains { $0.contains("cannot be reached") })
        memory.links(3, 0).replace(memory.links(3, 0).nodes[0], by: 5_000)
        #expect(writer.violations().contains { $0.contains("which is not there") })
    }

    @Test func brokenLabelsAreNoticed() {
        let memory = HNSWMemory(HNSWParameters(dimensions: 2, metric: .euclid, m: 2), ScalarQuantizer(bound: 1))
        var writer = HNSWWriter(memory)
        for step in 0..<5 { writer.set([Float(step) / 20, 0.5], label: UInt32(step)) }
        #expect(writer.violations().isEmpty)
        memory.nodes[2] = 3
        #expect(writer.violations().contains { $0.contains("which is not its node") })
        #expect(writer.violations().contains { $0.contains("stands for nothing") })
    }
}
