import CKernels

/// The distances of a metric between vectors and between their codes, by the fastest instructions of the machine.
struct VectorDistances {
    private let floats: @convention(c) (UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Float
    private let codes: @convention(c) (UnsafePointer<Int8>, UnsafePointer<Int8>, Int) -> Int64
    /// Whether a greater value of the function is nearer.
    private let isNegated: Bool

    init(_ metric: VectorMetric) {
        let kernels = vector_kernels_in_use().pointee
        isNegated = metric.prefersGreaterScores
        switch metric {
        case .cosine, .dot: (floats, codes) = (kernels.dot_float, kernels.dot_int8)
        case .euclid: (floats, codes) = (kernels.squared_float, kernels.squared_int8)
        case .manhattan: (floats, codes) = (kernels.manhattan_float, kernels.manhattan_int8)
        }
    }

    /// The distance between two vectors. A smaller one is nearer.
    @inline(__always)
    func between(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, count: Int) -> Float {
        let value = floats(left, right, count)
        return isNegated ? -value : value
    }

    /// The distance between two codes. A smaller one is nearer.
    @inline(__always)
    func between(_ left: UnsafePointer<Int8>, _ right: UnsafePointer<Int8>, count: Int) -> Int32 {
        let value = Int32(clamping: codes(left, right, count))
        return isNegated ? -value : value
    }
}
