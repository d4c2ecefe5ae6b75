/// In which slots a word stands, and how often in each: ascending, in blocks, so that a change of a list that was
/// copied copies one block and the list of blocks.
struct WordPostings: Sendable {
    /// A slot, how often the word stands there, and how many words stand there at all: the slot in the upper half. Of
    /// both numbers, what is beyond the greatest is the greatest.
    struct Entry: Sendable, Comparable {
        private let bits: UInt64

        @inline(__always)
        init(_ slot: UInt32, count: Int, length: Int) {
            bits = UInt64(slot) << 32 | UInt64(UInt16(clamping: count)) << 16 | UInt64(UInt16(clamping: length))
        }

        @inline(__always)
        var slot: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) }
        @inline(__always)
        var count: Int { Int(bits >> 16 & 0xFFFF) }
        @inline(__always)
        var length: Int { Int(bits & 0xFFFF) }

        /// What neither of two exceeds: the larger count, and the shorter length.
        func peak(with other: Entry) -> Entry {
            Entry(0, count: max(count, other.count), length: min(length, other.length))
        }

        @inline(__always)
        static func < (left: Entry, right: Entry) -> Bool { left.bits < right.bits }
    }

    /// How many entries a block has at most.
    static let blockLimit = 512

    /// None is empty.
    private(set) var blocks: [[Entry]] = []
    /// Of each block the largest count and the shortest length. Entries that have gone may have had them.
    private(set) var peaks: [Entry] = []
    /// How many slots there are.
    private(set) var count = 0
    /// No entry has a greater count. Those that have gone may have had one.
    private(set) var largestCount = 0
    /// No entry has a smaller length. Those that have gone may have had one.
    private(set) var shortestLength = Int.max

    /// The block in which a slot stands if it stands in any.
    @inline(__always)
    private func block(of slot: UInt32) -> Int {
        // Slots often ascend: what comes last is looked at first.
        if let last = blocks.last, last[0].slot <= slot { return blocks.count - 1 }
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) >> 1
            if blocks[middle][0].slot <= slot { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }

    /// What is said of a slot; nil when the word does not stand there.
    @inline(__always)
    func entry(of slot: UInt32) -> Entry? {
        guard !blocks.isEmpty else { return nil }
        let block = blocks[block(of: slot)]
        let place = block.place(of: Entry(slot, count: 0, length: 0))
        return place < block.count && block[place].slot == slot ? block[place] : nil
    }

    /// Adds a slot that is not there, with a count from 1.
    mutating func insert(_ entry: Entry) {
        count += 1
        largestCount = max(largestCount, entry.count)
        shortestLength = min(shortestLength, entry.length)
        guard !blocks.isEmpty else {
            blocks = [[entry]]
            peaks = [entry]
            return
        }
        let index = block(of: entry.slot)
        blocks[index].insert(entry, at: blocks[index].place(of: entry))
        peaks[index] = peaks[index].peak(with: entry)
        guard blocks[index].count > Self.blockLimit else { return }
        // Slots often ascend: a full block at the end stays as it is.
        let isLast = index == blocks.count - 1 && blocks[index].last == entry
        let cut = isLast ? blocks[index].count - 1 : blocks[index].count / 2
        blocks.insert(Array(blocks[index][cut...]), at: index + 1)
        blocks[index] = Array(blocks[index][..<cut])
        peaks.insert(Self.peak(of: blocks[index + 1]), at: index + 1)
        peaks[index] = Self.peak(of: blocks[index])
    }

    private static func peak(of block: [Entry]) -> Entry {
        block.reduce(block[0]) { $0.peak(with: $1) }
    }

    /// Takes a slot out, if it is there.
    mutating func remove(_ slot: UInt32) {
        guard !blocks.isEmpty else { return }
        let index = block(of: slot)
        let place = blocks[index].place(of: Entry(slot, count: 0, length: 0))
        guard place < blocks[index].count, blocks[index][place].slot == slot else { return }
        count -= 1
        blocks[index].remove(at: place)
        if blocks[index].isEmpty {
            blocks.remove(at: index)
            peaks.remove(at: index)
        } else if index > 0, blocks[index].count + blocks[index - 1].count <= Self.blockLimit / 2 {
            blocks[index - 1] += blocks[index]
            peaks[index - 1] = peaks[index - 1].peak(with: peaks[index])
            blocks.remove(at: index)
            peaks.remove(at: index)
        }
    }

    /// Adds the slots to a set of nodes.
    func insert(into nodes: inout NodeSet) {
        for block in blocks {
            for entry in block { nodes.insert(entry.slot) }
        }
    }

    /// How many bytes of memory it takes beside itself.
    var byteCount: Int { blocks.reduce(blocks.isEmpty ? 0 : 32) { $0 + 48 + $1.capacity * 8 } }
}

/// Goes through postings in ascending order of slots.
struct WordCursor {
    private let blocks: [[WordPostings.Entry]]
    private let peaks: [WordPostings.Entry]
    private var number = 0
    private var block: [WordPostings.Entry]
    private var place = 0

    init(_ postings: WordPostings) {
        blocks = postings.blocks
        peaks = postings.peaks
        block = blocks.first ?? []
    }

    /// Where it is, or nil at the end.
    @inline(__always)
    var entry: WordPostings.Entry? { place < block.count ? block[place] : nil }

    /// What no entry of the block exceeds that it is in, or nil at the end.
    var peak: WordPostings.Entry? { place < block.count ? peaks[number] : nil }

    /// Which block it is in.
    var blockNumber: Int { number }

    /// Goes to the first slot of the next block.
    mutating func skipBlock() {
        if number + 1 < blocks.count { open(number + 1) } else { place = block.count }
    }

    /// Goes to the next slot.
    @inline(__always)
    mutating func advance() {
        place += 1
        if place == block.count, number + 1 < blocks.count { open(number + 1) }
    }

    /// Goes on to a slot, or to the next one that is there.
    mutating func advance(to slot: UInt32) {
        guard let entry, entry.slot < slot else { return }
        if let last = block.last, last.slot < slot {
            // The first block that ends at the slot or after it.
            var (low, high) = (number + 1, blocks.count)
            while low < high {
                let middle = (low + high) >> 1
                if blocks[middle][blocks[middle].count - 1].slot < slot { low = middle + 1 } else { high = middle }
            }
            guard low < blocks.count else {
                place = block.count
                number = blocks.count
                return
            }
            open(low)
        }
        // Who goes through two lists often goes on by a little: twice as far each time until it is too far.
        var (low, step) = (place, 1)
        while low + step < block.count, block[low + step].slot < slot {
            low += step
            step *= 2
        }
        var high = min(low + step, block.count)
        while low < high {
            let middle = (low + high) >> 1
            if block[middle].slot < slot { low = middle + 1 } else { high = middle }
        }
        place = low
    }

    private mutating func open(_ number: Int) {
        self.number = number
        block = blocks[number]
        place = 0
    }
}
