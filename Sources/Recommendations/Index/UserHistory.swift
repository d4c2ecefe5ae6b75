import Core

/// What is known of a user and what they did, as far as recommendations need to know.
struct UserHistory: Sendable {
    /// An item that the user did something with.
    struct Entry: Sendable {
        var slot: Int32
        /// The weights of all that they did with it.
        var weight: Float
        /// When they did something with it last, in microseconds.
        var time: Int64
    }

    /// How many items are remembered with weights and times; of those before it is only known that they were seen.
    static let entryLimit = 200

    /// The items, each once, the latest last.
    private(set) var entries: [Entry] = []
    /// The slots of all items, ascending, once they are more than ``entries`` holds; else empty.
    private(set) var seen: [Int32] = []
    /// How many interactions there are of the user.
    private(set) var interactionCount: Int32 = 0
    /// Whether something is written of the user, besides what they did.
    var isDescribed = false
    /// The numbers of the segments to which the user belongs by what is written of them.
    var segments: [Int32] = []
    /// Tells what it is from what any history of the tenant was before; 0 of who did nothing.
    var version: UInt64 = 0

    /// Whether the user did something with an item.
    func hasSeen(_ slot: Int32) -> Bool {
        seen.isEmpty ? entries.contains { $0.slot == slot } : sees(slot)
    }

    /// How many items they did something with.
    var count: Int { max(entries.count, seen.count) }

    /// Whether anything is known of the user.
    var isEmpty: Bool { interactionCount == 0 && !isDescribed }

    /// Adds what the user did, in any order. What they have seen is sorted once, however much it is.
    mutating func add(_ done: [Entry]) {
        var new: [Int32] = []
        for var entry in done {
            interactionCount += 1
            if let known = entries.firstIndex(where: { $0.slot == entry.slot }) {
                entry.weight += entries[known].weight
                entry.time = max(entry.time, entries[known].time)
                entries.remove(at: known)
            }
            insert(entry)
            if entries.count > Self.entryLimit { forgetOldest() }
            if !seen.isEmpty { new.append(entry.slot) }
        }
        note(new)
    }

    /// Imports come in any order.
    private mutating func insert(_ entry: Entry) {
        var place = entries.count
        while place > 0, entries[place - 1].time > entry.time { place -= 1 }
        entries.insert(entry, at: place)
    }

    private mutating func forgetOldest() {
        if seen.isEmpty { seen = entries.map(\.slot).sorted() }
        entries.removeFirst(entries.count - Self.entryLimit)
    }

    private mutating func note(_ slots: [Int32]) {
        let new = slots.filter { !sees($0) }
        if new.count == 1, let slot = new.first {
            seen.insert(slot, at: Self.place(of: slot, in: seen))
        } else if !new.isEmpty {
            // Two ascending lists, which sorting them as one goes through once.
            seen = (seen + Set(new).sorted()).sorted()
        }
    }

    private func sees(_ slot: Int32) -> Bool {
        let place = Self.place(of: slot, in: seen)
        return place < seen.count && seen[place] == slot
    }

    /// Whether too little would be known of a long history without some items: of what came before the latest items
    /// nothing is remembered that could take their place.
    func isSpent(without slots: Set<Int32>) -> Bool {
        !seen.isEmpty && entries.count(where: { !slots.contains($0.slot) }) < Self.entryLimit / 2
    }

    /// Takes back what the user did.
    ///
    /// - parameters:
    ///   - count: how many interactions are gone.
    ///   - rest: what is left of what they did with each item of these; nil is nothing.
    mutating func takeBack(_ count: Int, leaving rest: [Int32: Entry?]) {
        interactionCount = max(0, interactionCount - Int32(clamping: count))
        for (slot, entry) in rest {
            let known = entries.firstIndex { $0.slot == slot }
            if let known { entries.remove(at: known) }
            if let entry {
                // What is only known to be seen stays so.
                if known != nil || seen.isEmpty { insert(entry) }
            } else if sees(slot) {
                seen.remove(at: Self.place(of: slot, in: seen))
            }
        }
        if seen.count <= entries.count { seen = [] }
    }

    /// Where a slot stands in an ascending list, or would.
    private static func place(of slot: Int32, in slots: [Int32]) -> Int {
        var (low, high) = (0, slots.count)
        while low < high {
            let middle = (low + high) / 2
            if slots[middle] < slot { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
