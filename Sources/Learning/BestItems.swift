/// The items with the highest scores of many that are offered one after the other. Of equal scores the lower number is
/// the better one, so the outcome does not depend on the order.
public struct BestItems {
    private let limit: Int
    /// A heap whose first element is the worst that is kept.
    private var heap: [(item: Int32, score: Float)] = []

    /// Keeps so many at most.
    public init(limit: Int) {
        self.limit = max(1, limit)
        heap.reserveCapacity(self.limit)
    }

    @inline(__always)
    private static func isBetter(_ left: (item: Int32, score: Float), _ right: (item: Int32, score: Float)) -> Bool {
        left.score != right.score ? left.score > right.score : left.item < right.item
    }

    /// Whether an item of a score would be kept: for who can tell that more cheaply than what it takes to offer it.
    @inline(__always)
    public func wouldTake(_ item: Int32, score: Float) -> Bool {
        heap.count < limit || Self.isBetter((item, score), heap[0])
    }

    /// Keeps an item if it is among the best so far.
    @inline(__always)
    public mutating func add(_ item: Int32, score: Float) {
        if heap.count < limit {
            heap.append((item, score))
            rise(heap.count - 1)
        } else if Self.isBetter((item, score), heap[0]) {
            heap[0] = (item, score)
            sink()
        }
    }

    /// The items that are kept, the best first.
    public func sorted() -> [(item: Int32, score: Float)] { heap.sorted(by: Self.isBetter) }

    private mutating func rise(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard Self.isBetter(heap[parent], heap[index]) else { return }
            heap.swapAt(parent, index)
            index = parent
        }
    }

    private mutating func sink() {
        var index = 0
        while true {
            var worst = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if Self.isBetter(heap[worst], heap[child]) { worst = child }
            }
            guard worst != index else { return }
            heap.swapAt(worst, index)
            index = worst
        }
    }
}
