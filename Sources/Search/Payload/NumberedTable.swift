import HashTreeCollections

/// Keys with small numbers, and a value for each. The number of a key that is let go is given to another.
///
/// After it was copied, a change copies the few chunks that it is in.
struct NumberedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        /// Nil when the number is free.
        var key: Key?
        var value: Value
        /// The free number after this one.
        var nextFree: UInt32 = .none
    }

    private let empty: Value
    private var numbers: TreeDictionary<Key, UInt32> = [:]
    private var entries: ChunkedArray<Entry>
    private var firstFree: UInt32 = .none
    /// How many numbers there are, with free ones.
    private(set) var limit: UInt32 = 0

    /// A table without keys.
    ///
    /// - parameter empty: the value of a key that is new.
    init(empty: Value) {
        self.empty = empty
        entries = ChunkedArray(empty: Entry(key: nil, value: empty), shift: 4)
    }

    /// How many keys there are.
    var count: Int { numbers.count }

    /// How many bytes the entries take themselves.
    var byteCount: Int { entries.byteCount }

    /// The number of a key, or nil when there is none.
    func number(of key: Key) -> UInt32? { numbers[key] }

    /// The key of a number.
    @inline(__always)
    func key(_ number: UInt32) -> Key? { entries[Int(number)].key }

    /// The value of the key of a number.
    @inline(__always)
    func value(_ number: UInt32) -> Value { entries[Int(number)].value }

    /// Calls the closure with each key and its value.
    func forEach(_ body: (Key, Value) -> Void) {
        entries.forEachChunk { _, chunk in
            for entry in chunk { if let key = entry.key { body(key, entry.value) } }
        }
    }

    /// The number of a key, which is given one if it has none.
    mutating func assign(_ key: Key) -> UInt32 {
        if let number = numbers[key] { return number }
        var number = firstFree
        if number.isNone {
            number = limit
            limit += 1
        } else {
            firstFree = entries[Int(number)].nextFree
        }
        entries.update(Int(number)) { [empty] in $0 = Entry(key: key, value: empty) }
        numbers[key] = number
        return number
    }

    /// Changes the value of a key in its place.
    @inline(__always)
    mutating func update<Result>(_ number: UInt32, _ body: (inout Value) -> Result) -> Result {
        entries.update(Int(number)) { body(&$0.value) }
    }

    /// Lets a key go.
    mutating func release(_ number: UInt32) {
        guard let key = key(number) else { return }
        numbers[key] = nil
        let next = firstFree
        entries.update(Int(number)) { [empty] in $0 = Entry(key: nil, value: empty, nextFree: next) }
        firstFree = number
    }
}
