import Core
import Synchronization

/// The searches that run, so that a writer knows when nobody can see any more what it has taken out: epoch-based
/// reclamation (Fraser, Practical lock-freedom, 2004, section 5.2.3).
///
/// A search claims a slot by writing the epoch into it, and with the slot the scratch memory that belongs to it. A
/// writer that has taken something out of the graph ends the epoch; once all searches began in a later one, nobody has
/// the old thing in hand. Neither waits for the other: a slow search only delays that memory is used again.
final class ReaderSlots: @unchecked Sendable {
    /// How many searches can run at once in one graph.
    static let limit = 256

    /// The epoch in which the search of each slot began, or zero when there is none.
    private let began: UnsafeMutablePointer<Atomic<UInt64>>
    private let scratches: UnsafeMutablePointer<SearchScratch>
    private let epoch = Atomic<UInt64>(1)

    init() {
        began = .allocate(capacity: Self.limit)
        for slot in 0..<Self.limit { (began + slot).initialize(to: Atomic(0)) }
        scratches = .allocate(capacity: Self.limit)
        scratches.initialize(repeating: SearchScratch(), count: Self.limit)
    }

    deinit {
        began.deinitialize(count: Self.limit)
        began.deallocate()
        scratches.deinitialize(count: Self.limit)
        scratches.deallocate()
    }

    /// Runs a search with scratch memory that is its own.
    ///
    /// - throws: ``Failure`` `too_many_searches`, and what the search throws.
    func read<Result>(_ body: (inout SearchScratch) throws -> Result) throws -> Result {
        let slot = try claim()
        defer { began[slot].store(0, ordering: .releasing) }
        // The claim must be seen before anything of the graph is read.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return try body(&scratches[slot])
    }

    private func claim() throws -> Int {
        let now = epoch.load(ordering: .acquiring)
        for slot in 0..<Self.limit where began[slot].load(ordering: .relaxed) == 0 {
            let (isClaimed, _) = began[slot].compareExchange(
                expected: 0, desired: now, ordering: .sequentiallyConsistent)
            if isClaimed { return slot }
        }
        throw Failure(
            .unavailable, code: "too_many_searches",
            "\(Self.limit) searches run in this collection already. Try again in a while.", retryAfter: 1)
    }

    /// Ends the epoch, after something was taken out.
    ///
    /// - returns: the epoch that has ended.
    func endEpoch() -> UInt64 {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return epoch.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue
    }

    /// The epoch in which the oldest of the searches began, or the present one when none runs.
    func oldestEpoch() -> UInt64 {
        let now = epoch.load(ordering: .sequentiallyConsistent)
        return (0..<Self.limit).reduce(now) { oldest, slot in
            let epoch = began[slot].load(ordering: .sequentiallyConsistent)
            return epoch == 0 ? oldest : min(oldest, epoch)
        }
    }
}
