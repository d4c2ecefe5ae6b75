import Core

/// The places of one word in some documents, as a row of the table `postings` keeps them.
///
/// For each document, by ascending number: how much its number is greater than that of the document before, how many
/// bytes its places take, and the places. A place is the distance from the word's last place in the same field, and in
/// the two lowest bits the field. Each number takes as few bytes as it can, seven bits in each.
struct PostingBlock {
    /// How many bytes the entries have at most, unless one document alone has more. A row of this size stands within a
    /// page of the table; a larger one would take a page of its own.
    static let sizeLimit = 900

    /// The number of the first document.
    private(set) var first: Int64
    /// The number of the last document.
    private(set) var last: Int64
    /// What stands of them, in the order of their numbers.
    private(set) var entries: [UInt8]

    /// The places in one document.
    init(_ number: Int64, _ places: [UInt8]) {
        first = number
        last = number
        entries = Self.entry(after: number, number, places)
    }

    /// A block as it was stored.
    init(first: Int64, last: Int64, entries: [UInt8]) {
        self.first = first
        self.last = last
        self.entries = entries
    }

    /// Whether it is full enough that joining it to another is not worth a look.
    var isHalfFull: Bool { entries.count > Self.sizeLimit / 2 }

    /// Adds a document after all others, if there is room.
    mutating func append(_ number: Int64, _ places: [UInt8]) -> Bool {
        // A distance takes five bytes at most as long as there are fewer than a hundred million documents.
        guard entries.count + places.count + 6 <= Self.sizeLimit else { return false }
        add(number, places)
        return true
    }

    /// Adds the documents of the block that follows, if there is room.
    mutating func append(_ next: PostingBlock) -> Bool {
        var distance: [UInt8] = []
        Varint.append(UInt64(bitPattern: next.first &- last), to: &distance)
        // The first distance of a block is zero and takes one byte.
        guard entries.count + distance.count + next.entries.count - 1 <= Self.sizeLimit else { return false }
        entries += distance
        entries += next.entries.dropFirst()
        last = next.last
        return true
    }

    /// The block without a document, or nil when no other is left.
    ///
    /// - throws: ``Failure`` `storage_corrupt`.
    func removing(_ number: Int64) throws -> PostingBlock? {
        var left: PostingBlock?
        try entries.withUnsafeBytes { bytes in
            var reader = PostingReader(bytes, first: first)
            while let entry = try reader.next() {
                guard entry.number != number else { continue }
                if left == nil {
                    left = PostingBlock(entry.number, Array(entry.places))
                } else {
                    left?.add(entry.number, Array(entry.places))
                }
            }
        }
        return left
    }

    private mutating func add(_ number: Int64, _ places: [UInt8]) {
        entries += Self.entry(after: last, number, places)
        last = number
    }

    private static func entry(after last: Int64, _ number: Int64, _ places: [UInt8]) -> [UInt8] {
        var entry: [UInt8] = []
        entry.reserveCapacity(places.count + 6)
        Varint.append(UInt64(bitPattern: number &- last), to: &entry)
        Varint.append(UInt64(places.count), to: &entry)
        entry += places
        return entry
    }
}

/// Reads the entries of a block. What a damaged file holds is refused, wherever it would lead.
struct PostingReader {
    /// The places of the word in one document.
    struct Entry {
        let number: Int64
        let places: UnsafeRawBufferPointer
    }

    private var varints: VarintReader
    private var number: Int64

    init(_ bytes: UnsafeRawBufferPointer, first: Int64) {
        varints = VarintReader(bytes)
        number = first
    }

    /// The next document, or nil at the end.
    @inline(__always)
    mutating func next() throws -> Entry? {
        guard !varints.isAtEnd else { return nil }
        number &+= Int64(bitPattern: try varints.next())
        return Entry(number: number, places: try varints.bytes(try varints.next()))
    }
}

/// The places of a word in one document while they are written.
struct PlaceWriter {
    private(set) var bytes: [UInt8] = []
    private var field = 0
    private var last = 0

    /// Adds a place after the others, by field and by the number of words before it.
    mutating func append(_ place: Int, in field: Int) {
        if field != self.field { last = 0 }
        Varint.append(UInt64((place - last) << 2 | field), to: &bytes)
        self.field = field
        last = place
    }
}

/// Reads what ``PlaceWriter`` wrote.
struct PlaceReader {
    private var varints: VarintReader
    private(set) var field = 0
    private var last = 0

    init(_ bytes: UnsafeRawBufferPointer) { varints = VarintReader(bytes) }

    /// The next place in ``field``, or nil at the end.
    @inline(__always)
    mutating func next() throws -> Int? {
        guard !varints.isAtEnd else { return nil }
        let value = try varints.next()
        let field = Int(value & 3)
        if field != self.field { last = 0 }
        self.field = field
        last &+= Int(value >> 2)
        return last
    }
}
