import Core

/// How the likeness of two vectors is measured, with the scores that Qdrant gives.
///
/// Inside of the index there are only distances, of which a smaller one is always nearer. ``score(ofDistance:)`` makes
/// of them what clients see.
public enum VectorMetric: String, Sendable, CaseIterable {
    /// The cosine of the angle; a greater score is nearer. Vectors are stored with length one.
    case cosine
    /// The dot product; a greater score is nearer.
    case dot
    /// The Euclidean distance; a smaller score is nearer.
    case euclid
    /// The sum of the differences of the components; a smaller score is nearer.
    case manhattan

    /// Whether a greater score is nearer.
    public var prefersGreaterScores: Bool {
        switch self {
        case .cosine, .dot: true
        case .euclid, .manhattan: false
        }
    }

    /// The score of a distance: the negative dot product, the square of the Euclidean distance, or the Manhattan
    /// distance.
    public func score(ofDistance distance: Float) -> Float {
        switch self {
        case .cosine, .dot: -distance
        case .euclid: max(0, distance).squareRoot()
        case .manhattan: distance
        }
    }

    /// A vector as the index stores it and searches for it.
    ///
    /// - parameters:
    ///   - dimensions: how many components it must have.
    ///   - pointer: the JSON pointer of the vector, for the failure.
    /// - throws: ``Failure`` `invalid_request` when it has another number of components, one that is no finite number,
    ///   or no direction although the metric is the cosine, or one so long that its scores would be no numbers.
    public func prepare(_ vector: [Float], dimensions: Int, at pointer: String = "/vector") throws -> [Float] {
        guard vector.count == dimensions else {
            throw Failure.invalid(at: pointer, "The vector has \(vector.count) components and must have \(dimensions).")
        }
        let squares = Self.sumOfSquares(vector)
        if !squares.isFinite, let index = vector.firstIndex(where: { !$0.isFinite }) {
            throw Failure.invalid(at: "\(pointer)/\(index)", "A component must be a finite number.")
        }
        guard self == .cosine else {
            guard squares <= Self.greatestSquare else {
                throw Failure.invalid(
                    at: pointer, "The vector is too long: the sum of its squares may be \(Self.greatestSquare) at most."
                )
            }
            return vector
        }
        guard squares > 0 else {
            throw Failure.invalid(
                at: pointer, "A vector of zeros has no direction, which the cosine compares. Give another vector.")
        }
        // One that was read from here and is written again stays what it is, to the last bit.
        guard abs(squares - 1) > Self.roundingOfOne else { return vector }
        let scale = 1 / squares.squareRoot()
        return vector.map { Float(Double($0) * scale) }
    }

    /// Up to there the dot product and each distance of two vectors fit into a Float, and so do sums of some thousands
    /// of them: the square of the Euclidean distance is at most four times as much.
    private static let greatestSquare = 1e34

    /// How far from one the sum of squares may be of a vector of length one, whose components are rounded to Float.
    private static let roundingOfOne = 0x1p-22

    /// The sum of the squares, which is finite when all components are: the squares of large ones do not fit into a
    /// Float, but into a Double.
    private static func sumOfSquares(_ vector: [Float]) -> Double {
        vector.withUnsafeBufferPointer { vector in
            // Several sums at once, since each addition waits for the one before.
            var sums = SIMD8<Double>.zero
            var index = 0
            while index + 8 <= vector.count {
                var part = SIMD8<Double>.zero
                for place in 0..<8 { part[place] = Double(vector[index &+ place]) }
                sums += part * part
                index += 8
            }
            return vector[index...].reduce(sums.sum()) { $0 + Double($1) * Double($1) }
        }
    }
}

/// How alike vectors are by a metric, for questions that compare with more than one of them.
public struct VectorLikeness: Sendable {
    private let distances: VectorDistances

    /// Likeness by a metric.
    public init(_ metric: VectorMetric) { distances = VectorDistances(metric) }

    /// A number that is greater the more alike two vectors are: the dot product, or the negative of a distance, of the
    /// Euclidean one its square. The vectors must be as the metric stores them and have as many components.
    public func between(_ left: [Float], _ right: UnsafeBufferPointer<Float>) -> Float {
        guard let right = right.baseAddress else { return 0 }
        return left.withUnsafeBufferPointer { left in
            left.baseAddress.map { -distances.between($0, right, count: left.count) } ?? 0
        }
    }
}
