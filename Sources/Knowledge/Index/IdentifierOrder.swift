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
    /// - parameters:
    ///   - before: one of the same index that was made before.
    ///   - isWritten: whether the ids are written, so that their JSON is kept.
    init(_ index: ElementIndex, after before: IdentifierOrder, isWritten: Bool) {
        let known = before.slots.count
        guard Int(index.limit) - known > Self.lateLimit + known / 64 else {
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
        for (rank, slot) in slots.enumerated() { ranks[Int(slot)] = UInt32(rank) }
        guard isWritten else { return }
        starts.reserveCapacity(slots.count + 1)
        for slot in slots {
            if Int(slot) < known {
                quoted += before.quoted[before.text(of: slot)]
            } else {
                quoted += JSONWriter.bytes(of: index.id(slot), capacity: 64)
            }
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

    /// Writes the ids of some slots as strings of JSON, each between two texts, up to one of which it has no JSON.
    ///
    /// - returns: how many it has written.
    func write(
        _ slots: ArraySlice<UInt32>, between start: String, and end: String, to json: inout JSONWriter
    ) -> Int {
        let known = slots.prefix { Int($0) < starts.count - 1 }
        guard !known.isEmpty else { return 0 }
        let (start, end) = (Array(start.utf8), Array(("\(end),").utf8))
        let length = known.reduce(0) { $0 + text(of: $1).count } + known.count * (start.count + end.count)
        json.raw(capacity: length) { memory in
            guard let memory = memory.baseAddress else { return 0 }
            return quoted.withUnsafeBytes { quoted in
                start.withUnsafeBytes { start in
                    end.withUnsafeBytes { end in
                        var place = memory
                        for slot in known {
                            place = place.copy(start)
                            place = place.copy(UnsafeRawBufferPointer(rebasing: quoted[text(of: slot)]))
                            place = place.copy(end)
                        }
                        // The last one has no comma.
                        return place - memory - 1
                    }
                }
            }
        }
        return known.count
    }

    /// Where the id of a slot that it knows is among the strings.
    @inline(__always)
    private func text(of slot: UInt32) -> Range<Int> {
        let rank = Int(ranks[Int(slot)])
        return starts[rank]..<starts[rank + 1]
    }
}

extension UnsafeMutableRawPointer {
    /// Copies bytes here. Returns where they end.
    @inline(__always)
    fileprivate func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer {
        if let first = bytes.baseAddress { copyMemory(from: first, byteCount: bytes.count) }
        return self + bytes.count
    }
}
