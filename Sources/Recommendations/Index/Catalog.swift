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
        /// What it is called: its attribute `name` or `title`, if that is a text that is not too long.
        var name: String?
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
    /// How many slots there are of items that were deleted.
    var deletedCount: Int { count - itemCount - unwrittenCount }
    /// How many bytes the attributes of all items have, with the names among them that are kept besides.
    private(set) var attributeBytes = 0
    /// How often something has changed.
    private(set) var version: UInt64 = 0
    private var entries = ChunkedArray(empty: Entry(), shift: 6)
    private var slots: TreeDictionary<ItemKey, Int32> = [:]

    /// The slot of an item; nil when it never was there.
    func slot(of key: ItemKey) -> Int32? { slots[key] }

    /// What is known of a slot.
    subscript(slot: Int32) -> Entry { entries[Int(slot)] }

    /// Whether an item is there and may be recommended.
    func isListed(_ slot: Int32) -> Bool { entries.read(Int(slot)) { $0.isListed } }

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
        let name = Self.name(in: item.attributes)
        let before = entries[Int(slot)]
        attributeBytes += Self.size(attributes, name) - Self.size(before.attributes, before.name)
        if before.version == 0 { unwrittenCount -= 1 }
        entries.update(Int(slot)) { [version] entry in
            entry.version = version
            entry.attributes = attributes
            entry.name = name
            entry.isListed = item.isAvailable
            entry.createdAt = item.createdAt.microseconds
        }
        if before.attributes == nil { itemCount += 1 }
        return slot
    }

    /// Takes an item out. Its slot stays, for what users did with it.
    ///
    /// - returns: its slot; nil when it never was there.
    @discardableResult
    mutating func remove(_ key: ItemKey) -> Int32? {
        guard let slot = slots[key] else { return nil }
        version += 1
        let before = entries[Int(slot)]
        attributeBytes -= Self.size(before.attributes, before.name)
        // That it was written counts as well where only its end came.
        if before.version == 0 { unwrittenCount -= 1 }
        entries.update(Int(slot)) { [version] entry in
            entry.version = version
            (entry.attributes, entry.name, entry.isListed) = (nil, nil, false)
        }
        if before.attributes != nil { itemCount -= 1 }
        return slot
    }

    /// How long a name is at most, in bytes of UTF-8: answers say it.
    private static let nameLimit = 200
    /// How many bytes of a text stand in the entry itself.
    private static let shortName = 15
    /// What a text takes that is longer, besides its bytes.
    private static let longNameHead = 32

    private static func name(in attributes: JSONObject) -> String? {
        for member in ["name", "title"] {
            if case .string(let text)? = attributes[member], (1...nameLimit).contains(text.utf8.count) { return text }
        }
        return nil
    }

    private static func size(_ attributes: [UInt8]?, _ name: String?) -> Int {
        let nameSize = name?.utf8.count ?? 0
        return (attributes?.count ?? 0) + (nameSize > shortName ? nameSize + longNameHead : 0)
    }
}
