/// Scores of items that are summed up one after the other: all of memory for every item once, and a list of those that
/// have a score, so that who is done with it pays for those alone.
public struct ScoreAccumulator: ~Copyable {
    private var scores: [Float]
    private var isTouched: [Bool]
    /// The items that have a score, in the order in which they got it.
    public private(set) var touched: [Int32] = []

    /// Scores of so many items, none of which has one yet.
    public init(itemCount: Int) {
        scores = Array(repeating: 0, count: itemCount)
        isTouched = Array(repeating: false, count: itemCount)
    }

    /// How many items there are.
    var itemCount: Int { scores.count }

    /// Adds to the score of an item.
    @inline(__always)
    public mutating func add(_ value: Float, to item: Int32) {
        if !isTouched[Int(item)] {
            isTouched[Int(item)] = true
            touched.append(item)
        }
        scores[Int(item)] += value
    }

    /// The score of an item; 0 when it has none.
    public subscript(item: Int32) -> Float { scores[Int(item)] }

    /// Takes all scores away.
    public mutating func clear() {
        for item in touched {
            scores[Int(item)] = 0
            isTouched[Int(item)] = false
        }
        touched.removeAll(keepingCapacity: true)
    }
}
