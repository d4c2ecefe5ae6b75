/// A binary heap of neighbours, with the nearest or the farthest at its top.
struct NeighborHeap {
    /// The keys of the neighbours, turned around when the farthest comes first, so that the least is always at the top.
    private var keys: [UInt64] = []
    private let turn: UInt64

    init(nearestFirst: Bool) { turn = nearestFirst ? 0 : .max }

    var count: Int { keys.count }

    @inline(__always)
    var top: Neighbor? { keys.first.map { Neighbor(key: $0 ^ turn) } }

    /// What is in it, in no order.
    var contents: [Neighbor] { keys.map { Neighbor(key: $0 ^ turn) } }

    mutating func removeAll() { keys.removeAll(keepingCapacity: true) }

    @inline(__always)
    mutating func push(_ neighbor: Neighbor) {
        let key = neighbor.key ^ turn
        keys.append(key)
        keys.withUnsafeMutableBufferPointer { heap in
            var index = heap.count &- 1
            while index > 0 {
                let parent = (index &- 1) >> 1
                guard key < heap[parent] else { break }
                heap[index] = heap[parent]
                index = parent
            }
            heap[index] = key
        }
    }

    /// Takes the top off, or nil when it is empty.
    @inline(__always)
    mutating func pop() -> Neighbor? {
        guard let last = keys.popLast() else { return nil }
        guard let top = keys.first else { return Neighbor(key: last ^ turn) }
        sink(last)
        return Neighbor(key: top ^ turn)
    }

    /// Keeps a neighbour if it is among the `limit` nearest so far; the farthest must be at the top.
    @inline(__always)
    mutating func offer(_ neighbor: Neighbor, limit: Int) {
        guard count >= limit else { return push(neighbor) }
        if let top, neighbor < top { replaceTop(by: neighbor) }
    }

    /// Puts a neighbour in the place of the top. There must be one.
    @inline(__always)
    mutating func replaceTop(by neighbor: Neighbor) { sink(neighbor.key ^ turn) }

    @inline(__always)
    private mutating func sink(_ key: UInt64) {
        keys.withUnsafeMutableBufferPointer { heap in
            var index = 0
            while true {
                var child = 2 &* index &+ 1
                guard child < heap.count else { break }
                if child &+ 1 < heap.count, heap[child &+ 1] < heap[child] { child &+= 1 }
                guard heap[child] < key else { break }
                heap[index] = heap[child]
                index = child
            }
            heap[index] = key
        }
    }
}
