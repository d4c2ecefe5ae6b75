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
        guard !seen.isEmpty else { return entries.contains { $0.slot == slot } }
        let place = Self.place(of: slot, in: seen)
        return place < seen.count && seen[place] == slot
    }

    /// How many items they did something with.
    var count: Int { max(entries.count, seen.count) }

    /// Whether anything is known of the user.
    var isEmpty: Bool { interactionCount == 0 && !isDescribed }

    /// Adds what the user did.
    mutating func add(_ slot: Int32, weight: Float, time: Int64) {
        interactionCount += 1
        var entry = Entry(slot: slot, weight: weight, time: time)
        if let known = entries.firstIndex(where: { $0.slot == slot }) {
            entry.weight += entries[known].weight
            entry.time = max(time, entries[known].time)
            entries.remove(at: known)
        }
        // Imports come in any order.
        var place = entries.count
        while place > 0, entries[place - 1].time > entry.time { place -= 1 }
        entries.insert(entry, at: place)
        if entries.count > Self.entryLimit { forgetOldest() }
        if !seen.isEmpty { note(slot) }
    }

    private mutating func forgetOldest() {
        if seen.isEmpty { seen = entries.map(\.slot).sorted() }
        entries.removeFirst(entries.count - Self.entryLimit)
    }

    private mutating func note(_ slot: Int32) {
        let place = Self.place(of: slot, in: seen)
        if place == seen.count || seen[place] != slot { seen.insert(slot, at: place) }
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
