import TestKit
import Testing

@testable import Search

/// Codes are the nearest steps, whatever the sample was, and their distances are nearly those of the vectors.
@Suite struct ScalarQuantizerTests {
    private static func code(_ vector: [Float], _ quantizer: ScalarQuantizer, bytes: Int? = nil) -> [Int8] {
        var code = [Int8](repeating: 99, count: bytes ?? vector.count)
        code.withUnsafeMutableBufferPointer { quantizer.encode(vector, count: vector.count, into: $0) }
        return code
    }

    @Test func aComponentBecomesTheNearestStep() {
        let quantizer = ScalarQuantizer(bound: 127)
        #expect(Self.code([0, 0.49, 0.51, -0.51, 126.6, -127], quantizer) == [0, 0, 1, -1, 127, -127])
        #expect(Self.code([128, -1_000, .greatestFiniteMagnitude, -0.0], quantizer) == [127, -127, 127, 0])
        #expect(Self.code([1, 2], quantizer, bytes: 4) == [1, 2, 0, 0])
    }

    @Test func theBoundIsTheQuantileOfTheSample() {
        let sample: [[Float]] = [(1...100).map { Float($0) }, (1...100).map { -Float($0) }]
        #expect(ScalarQuantizer(fitting: sample).bound == 99 || ScalarQuantizer(fitting: sample).bound == 100)
        #expect(ScalarQuantizer(fitting: sample, quantile: 1).bound == 100)
        #expect(ScalarQuantizer(fitting: sample, quantile: 0.5).bound <= 51)
        var sparse = [Float](repeating: 0, count: 1_000)
        sparse[0] = 5
        #expect(ScalarQuantizer(fitting: [sparse]).bound == 5)
        for sample in [[], [[0, 0]], [[.nan]]] as [[[Float]]] {
            let code = Self.code([0, 0.5, -3], ScalarQuantizer(fitting: sample))
            #expect(code.first == 0)
        }
    }

    @Test(arguments: VectorMetric.allCases)
    func distancesOfCodesAreNearlyThoseOfVectors(metric: VectorMetric) throws {
        var random = SeededRandom.fresh()
        let distances = VectorDistances(metric)
        let vectors = try (0..<40).map { _ in
            try metric.prepare((0..<256).map { _ in Float.random(in: -1...1, using: &random) }, dimensions: 256)
        }
        let quantizer = ScalarQuantizer(fitting: vectors, quantile: 1)
        let codes = vectors.map { Self.code($0, quantizer) }
        // Each of two components is off by half a step at most.
        let step = quantizer.bound / 127
        for left in vectors.indices {
            for right in vectors.indices {
                let exact = distances.between(vectors[left], vectors[right], count: 256)
                let estimate = quantizer.estimate(
                    ofCodeDistance: distances.between(codes[left], codes[right], count: 256), metric)
                let differences = zip(vectors[left], vectors[right]).map { abs($0 - $1) }
                let bound: Float =
                    switch metric {
                    case .cosine, .dot: step * 256 * quantizer.bound
                    case .euclid: differences.reduce(0) { $0 + 2 * step * $1 + step * step }
                    case .manhattan: 256 * step
                    }
                #expect(abs(exact - estimate) <= bound * 1.001, "\(random), \(left), \(right)")
            }
        }
    }
}
