import Core

/// Which ids come before which others, as numbers: comparing those costs far less than comparing texts. It knows the
/// slots that there were when it was made; an id keeps its slot, so what it says of them stays true.
struct IdentifierOrder: Sendable {
    /// How many slots may have come since it was made before it is worth being made anew.
    private static let lateLimit = 1_024

    /// The place of each slot in the order of ids.
    private(set) var ranks: [UInt32] = []
    /// The slots in the order of their ids.
    private var slots: [UInt32] = []
    /// The ids in their order as strings of JSON, one after the other, and where each of them begins and the last ends.
    private var quoted: [UInt8] = []
    private var starts: [Int] = [0]

    /// Of no ids.
    init() {}

    /// The order of the ids of an index.
    ///
    /// - parameter before: one of the same index that was made before.
    init(_ index: ElementIndex, after before: IdentifierOrder) {
        let known = before.slots.count
        guard Int(index.limit) - known > Self.lateLimit + known / 8 else {
            self = before
            return
        }
        let late = (UInt32(known)..<index.limit).sorted { index.id($0) < index.id($1) }
        slots.reserveCapacity(Int(index.limit))
        var taken = 0
        for slot in late {
            let id = index.id(slot)
            var (low, high) = (taken, known)
            while low < high {
                let middle = (low + high) >> 1
                if index.id(before.slots[middle]) < id { low = middle + 1 } else { high = middle }
            }
            slots += before.slots[taken..<low]
            slots.append(slot)
            taken = low
        }
        slots += before.slots[taken...]
        ranks = [UInt32](repeating: 0, count: slots.count)
        starts.reserveCapacity(slots.count + 1)
        for (rank, slot) in slots.enumerated() {
            ranks[Int(slot)] = UInt32(rank)
            quoted += JSONWriter.bytes(of: index.id(slot), capacity: 64)
            starts.append(quoted.count)
        }
    }

    /// How many ids it knows.
    var count: Int { slots.count }

    /// The place of a slot in the order of those that it knows; nil when it has come since.
    @inline(__always)
    func rank(of slot: UInt32) -> UInt32? { Int(slot) < ranks.count ? ranks[Int(slot)] : nil }

    /// The slot at a place.
    @inline(__always)
    func slot(at rank: UInt32) -> UInt32 { slots[Int(rank)] }

    /// Calls the closure with the id of each of some slots as a string of JSON, or with the slot alone when it has come
    /// since.
    @inline(__always)
    func forEachQuoted(_ slots: [UInt32], _ body: (UInt32, UnsafeBufferPointer<UInt8>?) -> Void) {
        quoted.withUnsafeBufferPointer { quoted in
            for slot in slots {
                let text = rank(of: slot).map { rank in
                    UnsafeBufferPointer(rebasing: quoted[starts[Int(rank)]..<starts[Int(rank) + 1]])
                }
                body(slot, text)
            }
        }
    }
}
