import CKernels
import TestKit
import Testing

/// Every version of the distances that this machine can run says what the generic one says, and that one what a plain
/// sum says.
@Suite struct KernelTests {
    private typealias FloatDistance = (UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Float
    private typealias ByteDistance = (UnsafePointer<Int8>, UnsafePointer<Int8>, Int) -> Int64

    private static var versions: [vector_kernels] {
        (0..<UInt32(VECTOR_INSTRUCTIONS_COUNT)).compactMap {
            vector_kernels_of(vector_instructions(rawValue: $0))?.pointee
        }
    }
    private static let lengths = Array(0...130) + [1_023, 1_024, 1_025]

    /// Holds all versions of the three distances of floats against sums in double precision.
    private static func expectFloats(_ left: [Float], _ right: [Float], _ place: String) throws {
        let pairs = zip(left, right).map { (Double($0), Double($1)) }
        let expected: [(String, [Double], (vector_kernels) -> FloatDistance)] = [
            ("dot", pairs.map { $0 * $1 }, { $0.dot_float }),
            ("squared", pairs.map { ($0 - $1) * ($0 - $1) }, { $0.squared_float }),
            ("manhattan", pairs.map { abs($0 - $1) }, { $0.manhattan_float }),
        ]
        for (name, terms, distance) in expected {
            let sum = terms.reduce(0, +)
            // Each addition and each term may be off by half of the last digit, and a term by the least denormal
            // number.
            let size = terms.reduce(0) { $0 + abs($1) }
            let bound = size * 0x1p-23 * Double(terms.count + 3) + Double(terms.count) * 0x1p-149
            for version in versions {
                let found = Double(distance(version)(left, right, left.count))
                #expect(
                    abs(found - sum) <= bound,
                    "\(name) of \(left.count) by \(String(cString: version.name)): \(found), not \(sum); \(place)")
            }
        }
    }

    /// Holds all versions of the three distances of bytes against exact sums.
    private static func expectBytes(_ left: [Int8], _ right: [Int8], _ place: String) {
        let pairs = zip(left, right).map { (Int64($0), Int64($1)) }
        let expected: [(String, Int64, (vector_kernels) -> ByteDistance)] = [
            ("dot", pairs.reduce(0) { $0 + $1.0 * $1.1 }, { $0.dot_int8 }),
            ("squared", pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }, { $0.squared_int8 }),
            ("manhattan", pairs.reduce(0) { $0 + abs($1.0 - $1.1) }, { $0.manhattan_int8 }),
        ]
        for (name, sum, distance) in expected {
            for version in versions {
                let found = distance(version)(left, right, left.count)
                #expect(
                    found == sum, "\(name) of \(left.count) by \(String(cString: version.name)): \(found); \(place)")
            }
        }
    }

    @Test func productsAreThoseOfPlainSums() {
        var random = SeededRandom.fresh()
        for width in Array(1...40) + [63, 64, 65, 96] {
            let count = Int.random(in: 0...9, using: &random)
            let rows = (0..<count * width).map { _ in Float.random(in: -1...1, using: &random) }
            for version in Self.versions {
                var sums = Array(repeating: Float(1), count: width * width)
                version.add_products(rows, count, width, &sums)
                let isRight = (0..<width).allSatisfy { row in
                    (0...row).allSatisfy { column in
                        let sum = (0..<count).reduce(1.0) {
                            $0 + Double(rows[$1 * width + row]) * Double(rows[$1 * width + column])
                        }
                        return abs(Double(sums[row * width + column]) - sum) < 0.00001
                    }
                }
                #expect(isRight, "\(count) rows of \(width) by \(String(cString: version.name)), \(random)")
            }
        }
    }

    @Test func theFastestVersionOfTheMachineIsInUse() throws {
        let versions = Self.versions.map { String(cString: $0.name) }
        #expect(versions.first == "generic")
        #expect(String(cString: vector_kernels_in_use().pointee.name) == versions.last)
        print("vector kernels: \(versions)")
    }

    @Test(arguments: [Float(1), 1e-3, 1e15, 1e-22, 1e-40])
    func floatsOfAnyLengthAndMagnitude(magnitude: Float) throws {
        var random = SeededRandom.fresh()
        for length in Self.lengths {
            let left = (0..<length).map { _ in Float.random(in: -magnitude...magnitude, using: &random) }
            let right = (0..<length).map { _ in Float.random(in: -magnitude...magnitude, using: &random) }
            try Self.expectFloats(left, right, "\(random)")
        }
    }

    @Test func floatsOfMixedMagnitudesAndZeros() throws {
        var random = SeededRandom.fresh()
        let values: [Float] = [0, -0.0, 1, -1, .leastNonzeroMagnitude, -.leastNormalMagnitude, 1e15, -1e15, 3e-20]
        for length in Self.lengths {
            let left = (0..<length).map { _ in values[Int.random(in: 0..<values.count, using: &random)] }
            let right = (0..<length).map { _ in values[Int.random(in: 0..<values.count, using: &random)] }
            try Self.expectFloats(left, right, "\(random)")
        }
    }

    @Test func floatsThatAreTooLargeForTheirSumGiveInfinity() {
        let large = [Float](repeating: 1e30, count: 100)
        let opposite = large.map { -$0 }
        for version in Self.versions {
            #expect(version.dot_float(large, large, 100) == .infinity)
            #expect(version.dot_float(large, opposite, 100) == -.infinity)
            #expect(version.squared_float(large, opposite, 100) == .infinity)
        }
    }

    @Test func bytesOfAnyLength() {
        var random = SeededRandom.fresh()
        for length in Self.lengths {
            let left = (0..<length).map { _ in Int8.random(in: .min ... .max, using: &random) }
            let right = (0..<length).map { _ in Int8.random(in: .min ... .max, using: &random) }
            Self.expectBytes(left, right, "\(random)")
        }
    }

    @Test(arguments: [Int8(-128), -127, 0, 127], [Int8(-128), -127, 0, 127])
    func extremeBytes(left: Int8, right: Int8) {
        // The last lengths are longer than what 32 bits hold the sum of.
        for length in Self.lengths + [16_384, 16_385, 100_003] {
            Self.expectBytes(
                [Int8](repeating: left, count: length), [Int8](repeating: right, count: length), "\(left), \(right)")
        }
    }

    @Test func vectorsStandAtAnyAddressAndNothingBesideThemCounts() {
        let random = SeededRandom.fresh()
        var source = random
        let floats = (0..<300).map { _ in Float.random(in: -1...1, using: &source) }
        let bytes = (0..<300).map { _ in Int8.random(in: .min ... .max, using: &source) }
        for offset in 0..<20 {
            for length in [1, 7, 16, 31, 64, 65, 130] {
                let left = Array(floats[offset..<(offset + length)])
                let right = Array(floats[(offset + 7)...].prefix(length))
                let leftBytes = Array(bytes[offset..<(offset + length)])
                let rightBytes = Array(bytes[(offset + 7)...].prefix(length))
                for version in Self.versions {
                    floats.withUnsafeBufferPointer { memory in
                        guard let base = memory.baseAddress else { return }
                        let found = version.squared_float(base + offset, base + offset + 7, length)
                        #expect(found == version.squared_float(left, right, length), "\(random)")
                    }
                    bytes.withUnsafeBufferPointer { memory in
                        guard let base = memory.baseAddress else { return }
                        let found = version.dot_int8(base + offset, base + offset + 7, length)
                        #expect(found == version.dot_int8(leftBytes, rightBytes, length), "\(random)")
                    }
                }
            }
        }
    }
}
