import Synchronization

/// A row of numbers that grows and never moves: one writer changes them while others read, without a lock.
///
/// Whoever reads a number sees all that was written before the number was.
final class SharedNumbers: @unchecked Sendable {
    /// What stands where nothing was written yet.
    static let none = UInt32.max

    private let rows = RowMemory(stride: 4)
    private let filler: UInt32
    private let limit = Atomic<Int>(0)

    /// An empty row, which is filled with a number as it grows.
    init(filler: UInt32 = SharedNumbers.none) { self.filler = filler }

    deinit { rows.deallocate() }

    /// How many places there are.
    var count: Int { limit.load(ordering: .acquiring) }

    /// Makes places up to a number of them. Only the writer.
    func grow(to count: Int) {
        let old = self.count
        guard count > old else { return }
        rows.grow(to: count)
        for index in old..<count { place(UInt32(index)).initialize(to: Atomic(filler)) }
        limit.store(count, ordering: .releasing)
    }

    /// The number at a place, or what new places are filled with when there is no such place. Only the writer sets it,
    /// and the place must be there then.
    @inline(__always)
    subscript(index: UInt32) -> UInt32 {
        get { Int(index) < count ? place(index).pointee.load(ordering: .acquiring) : filler }
        set { place(index).pointee.store(newValue, ordering: .releasing) }
    }

    @inline(__always)
    private func place(_ index: UInt32) -> UnsafeMutablePointer<Atomic<UInt32>> {
        rows[index].assumingMemoryBound(to: Atomic<UInt32>.self)
    }
}
