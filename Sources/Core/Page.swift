/// Which part of a list is wanted: so many entries after a place, in the list's own order.
public struct PageRequest: Sendable, Hashable {
    /// How many entries at most.
    public let limit: Int
    /// The sort values of the last entry that the caller has, ending in its identifier; nil from the start.
    public let after: [CursorValue]?
    /// How many entries to pass over, for callers that count pages; at most ``offsetLimit``.
    public let offset: Int
    /// Whether the number of all entries is wanted, which costs a look at each.
    public let countsTotal: Bool

    /// How far a list can be entered by counting. Beyond it a cursor is the way.
    public static let offsetLimit = 10_000
    /// How many entries a page has when nobody says.
    public static let defaultLimit = 20
    /// How many entries a page has at most.
    public static let maximumLimit = 100

    /// A part of a list.
    public init(
        limit: Int = PageRequest.defaultLimit, after: [CursorValue]? = nil, offset: Int = 0, countsTotal: Bool = false
    ) {
        self.limit = limit
        self.after = after
        self.offset = offset
        self.countsTotal = countsTotal
    }
}

/// A sort value of an entry of a list.
public enum CursorValue: Sendable, Hashable {
    case integer(Int64)
    case text(String)
    case identifier(Identifier)
}

/// A part of a list, and where the next part begins.
public struct Page<Item: Sendable>: Sendable {
    /// The entries in the list's order.
    public let items: [Item]
    /// The sort values of the last entry, or nil when nothing follows it.
    public let next: [CursorValue]?
    /// The number of entries in the whole list, when it was asked for.
    public let total: Int64?

    /// A part of a list.
    public init(items: [Item], next: [CursorValue]?, total: Int64? = nil) {
        self.items = items
        self.next = next
        self.total = total
    }

    /// A part of a list from one entry more than was asked for, by which the end of the list is noticed.
    ///
    /// - parameter cursor: the sort values of an entry.
    public init(
        fetched: [Item], _ request: PageRequest, total: Int64? = nil, cursor: (Item) -> [CursorValue]
    ) {
        let items = Array(fetched.prefix(request.limit))
        self.init(items: items, next: fetched.count > request.limit ? items.last.map(cursor) : nil, total: total)
    }
}
