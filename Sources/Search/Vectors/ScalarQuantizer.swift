/// Codes of one byte for each component of a vector: scalar quantization, symmetric about zero.
///
/// A component becomes the nearest of 255 steps between the negative and the positive of a bound, which is a quantile
/// of the components of a sample: a few large ones are cut off, so that the many others are told apart better. The
/// distance of two codes is nearly that of their vectors, and costs a quarter of the memory and less than half of the
/// time; what is found by it is ranked again by the vectors themselves.
public struct ScalarQuantizer: Sendable, Equatable {
    /// The part of the components of the sample that are within the bound, unless it is said otherwise.
    public static let defaultQuantile = 0.99

    /// How many vectors a sample needs for codes that fit the others too.
    public static let sampleLimit = 1_000

    /// The greatest component that has a code of its own.
    public let bound: Float

    /// Steps for each unit of a component.
    private var scale: Float { 127 / bound }

    /// Codes with a known bound, which must be greater than zero.
    public init(bound: Float) { self.bound = max(bound, .leastNormalMagnitude * 256) }

    /// Codes fitted to a sample, of which at most ``sampleLimit`` vectors are looked at.
    public init(fitting sample: some Sequence<[Float]>, quantile: Double = Self.defaultQuantile) {
        let sizes = sample.prefix(Self.sampleLimit).flatMap { $0.map(abs) }.filter(\.isFinite).sorted()
        guard let greatest = sizes.last else {
            self.init(bound: 1)
            return
        }
        let rank = Int((Double(sizes.count - 1) * min(max(quantile, 0), 1)).rounded(.up))
        // Where nearly all components are zero, the quantile may be zero too and would tell nothing apart.
        self.init(bound: sizes[rank] > 0 ? sizes[rank] : greatest)
    }

    /// Writes the code of a vector, and zeros after it up to the end of the memory.
    func encode(_ vector: UnsafePointer<Float>, count: Int, into code: UnsafeMutableBufferPointer<Int8>) {
        let scale = scale
        // A number of this size has no digits after the point: adding it rounds, and its last bits are the integer.
        let rounding: Float = 0x1.8p23
        for index in 0..<min(count, code.count) {
            let step = min(max(vector[index] * scale, -127), 127) + rounding
            code[index] = Int8(truncatingIfNeeded: step.bitPattern)
        }
        for index in min(count, code.count)..<code.count { code[index] = 0 }
    }

    /// Writes the vector in the middle of those that have a code.
    func decode(_ code: UnsafePointer<Int8>, into vector: UnsafeMutableBufferPointer<Float>) {
        let step = 1 / scale
        for index in vector.indices { vector[index] = Float(code[index]) * step }
    }

    /// What a distance between codes says about the distance between their vectors.
    public func estimate(ofCodeDistance distance: Int32, _ metric: VectorMetric) -> Float {
        switch metric {
        case .cosine, .dot, .euclid: Float(distance) / (scale * scale)
        case .manhattan: Float(distance) / scale
        }
    }
}
