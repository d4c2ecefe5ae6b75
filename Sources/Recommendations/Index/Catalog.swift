import Core
import HashTreeCollections
import Search

/// The items of a tenant, in memory: a value that searches hold as it is, and of which a change copies what it changes.
///
/// Each item has a number, its slot, which stays its own as long as the process runs. An item that somebody interacted
/// with has a slot even where nobody has written it.
struct Catalog: Sendable {
    /// What is known of a slot.
    struct Entry: Sendable {
        var key = ItemKey("", "")
        /// The attributes as JSON; nil of an item that is not there.
        var attributes: [UInt8]?
        /// Whether the item is there and may be recommended.
        var isListed = false
        /// When it was first written, in microseconds.
        var createdAt: Int64 = 0
        /// Tells what it is from what it was before; 0 of one that was never written.
        var version: UInt64 = 0
    }

    /// How many slots there are.
    private(set) var count = 0
    /// How many items there are.
    private(set) var itemCount = 0
    /// How many slots there are of items that nobody has written.
    private(set) var unwrittenCount = 0
    /// How many bytes the attributes of all items have.
    private(set) var attributeBytes = 0
    /// How often something has changed.
    private(set) var version: UInt64 = 0
    private var entries = ChunkedArray(empty: Entry(), shift: 6)
    private var slots: TreeDictionary<ItemKey, Int32> = [:]

    /// The slot of an item; nil when it never was there.
    func slot(of key: ItemKey) -> Int32? { slots[key] }

    /// What is known of a slot.
    subscript(slot: Int32) -> Entry { entries[Int(slot)] }

    /// The slot of an item, which it gets if it has none.
    mutating func makeSlot(for key: ItemKey) -> Int32 {
        if let slot = slots[key] { return slot }
        let slot = Int32(count)
        count += 1
        unwrittenCount += 1
        slots[key] = slot
        entries.update(Int(slot)) { $0.key = key }
        return slot
    }

    /// Writes an item, in place of what it was.
    ///
    /// - returns: its slot.
    @discardableResult
    mutating func set(_ item: Item) -> Int32 {
        let slot = makeSlot(for: item.key)
        version += 1
        let attributes = JSONWriter.bytes(of: JSONValue.object(item.attributes))
        let before = entries[Int(slot)].attributes?.count
        if entries[Int(slot)].version == 0 { unwrittenCount -= 1 }
        attributeBytes += attributes.count - (before ?? 0)
        entries.update(Int(slot)) { [version] entry in
            entry.version = version
            entry.attributes = attributes
            entry.isListed = item.isAvailable
            entry.createdAt = item.createdAt.microseconds
        }
        if before == nil { itemCount += 1 }
        return slot
    }

    /// Takes an item out. Its slot stays, for what users did with it.
    ///
    /// - returns: its slot; nil when it never was there.
    @discardableResult
    mutating func remove(_ key: ItemKey) -> Int32? {
        guard let slot = slots[key] else { return nil }
        version += 1
        let before = entries[Int(slot)].attributes?.count
        // That it was written counts as well where only its end came.
        if entries[Int(slot)].version == 0 { unwrittenCount -= 1 }
        attributeBytes -= before ?? 0
        entries.update(Int(slot)) { [version] entry in
            entry.version = version
            (entry.attributes, entry.isListed) = (nil, false)
        }
        if before != nil { itemCount -= 1 }
        return slot
    }
}
