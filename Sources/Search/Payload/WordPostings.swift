/// In which slots a word stands, and how often in each: ascending, in blocks, so that a change of a list that was
/// copied copies one block and the list of blocks.
struct WordPostings: Sendable {
    /// A slot and how often the word stands there: the slot in the upper half.
    struct Entry: Sendable, Comparable {
        private let bits: UInt64

        init(_ slot: UInt32, count: Int) { bits = UInt64(slot) << 32 | UInt64(UInt32(clamping: count)) }

        var slot: UInt32 { UInt32(bits >> 32) }
        var count: Int { Int(bits & 0xFFFF_FFFF) }

        @inline(__always)
        static func < (left: Entry, right: Entry) -> Bool { left.bits < right.bits }
    }

    /// How many entries a block has at most.
    static let blockLimit = 512

    /// None is empty.
    private(set) var blocks: [[Entry]] = []
    /// How many slots there are.
    private(set) var count = 0

    /// The block in which a slot stands if it stands in any.
    @inline(__always)
    private func block(of slot: UInt32) -> Int {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) >> 1
            if blocks[middle][0].slot <= slot { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }

    /// How often the word stands in a slot.
    @inline(__always)
    func count(in slot: UInt32) -> Int {
        guard !blocks.isEmpty else { return 0 }
        let block = blocks[block(of: slot)]
        let place = block.place(of: Entry(slot, count: 0))
        return place < block.count && block[place].slot == slot ? block[place].count : 0
    }

    /// Adds a slot that is not there, with a count from 1.
    mutating func insert(_ slot: UInt32, count: Int) {
        let entry = Entry(slot, count: count)
        self.count += 1
        guard !blocks.isEmpty else {
            blocks = [[entry]]
            return
        }
        let index = block(of: slot)
        blocks[index].insert(entry, at: blocks[index].place(of: entry))
        guard blocks[index].count > Self.blockLimit else { return }
        // Slots often ascend: a full block at the end stays as it is.
        let isLast = index == blocks.count - 1 && blocks[index].last == entry
        let cut = isLast ? blocks[index].count - 1 : blocks[index].count / 2
        blocks.insert(Array(blocks[index][cut...]), at: index + 1)
        blocks[index] = Array(blocks[index][..<cut])
    }

    /// Takes a slot out, if it is there.
    mutating func remove(_ slot: UInt32) {
        guard !blocks.isEmpty else { return }
        let index = block(of: slot)
        let place = blocks[index].place(of: Entry(slot, count: 0))
        guard place < blocks[index].count, blocks[index][place].slot == slot else { return }
        count -= 1
        blocks[index].remove(at: place)
        if blocks[index].isEmpty {
            blocks.remove(at: index)
        } else if index > 0, blocks[index].count + blocks[index - 1].count <= Self.blockLimit / 2 {
            blocks[index - 1] += blocks[index]
            blocks.remove(at: index)
        }
    }

    /// Adds the slots to a set of nodes.
    func insert(into nodes: inout NodeSet) {
        for block in blocks {
            for entry in block { nodes.insert(entry.slot) }
        }
    }

    /// How many bytes of memory it takes beside itself.
    var byteCount: Int { blocks.reduce(blocks.isEmpty ? 0 : 32) { $0 + 40 + $1.capacity * 8 } }
}

/// Goes through postings in ascending order of slots.
struct WordCursor {
    private let blocks: [[WordPostings.Entry]]
    private var block = 0
    private var place = 0

    init(_ postings: WordPostings) { blocks = postings.blocks }

    /// Where it is, or nil at the end.
    @inline(__always)
    var entry: WordPostings.Entry? { block < blocks.count ? blocks[block][place] : nil }

    /// Goes to the next slot.
    @inline(__always)
    mutating func advance() {
        place += 1
        if place == blocks[block].count {
            block += 1
            place = 0
        }
    }
}
