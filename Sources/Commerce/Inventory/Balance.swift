import ChangeLog
public import Core
import Storage

/// How much of a sku lies at a location, and how much of that is spoken for.
///
/// `on_hand` is the sum of the ledger's rows of the sku and location; `reserved` is the sum of its held reservations.
public struct Balance: Sendable, Hashable, Versioned {
    /// What the change log calls it.
    public let id: Identifier
    public let sku: String
    /// The code of the location.
    public let location: String
    /// Units that lie there.
    public let onHand: Int64
    /// Units of those that reservations hold.
    public let reserved: Int64
    /// At this many available units or fewer the sku is low on stock there.
    public let reorderPoint: Int64
    public let version: Int64

    /// Units that can still be reserved.
    public var available: Int64 { onHand - reserved }

    /// Whether it is time to order more.
    public var isLow: Bool { available <= reorderPoint }
}

extension Balance: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("sku", sku)
            json.member("location", location)
            json.member("on_hand", onHand)
            json.member("reserved", reserved)
            json.member("available", available)
            json.member("reorder_point", reorderPoint)
            json.member("low_stock", isLow)
            json.member("version", version)
        }
    }
}

extension Balance {
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns: SQL = "id, sku, location, on_hand, reserved, reorder_point, version"

    init(row: Row) throws {
        self.init(
            id: try row.identifier(0), sku: row.text(1), location: row.text(2), onHand: row.integer(3),
            reserved: row.integer(4), reorderPoint: row.integer(5), version: row.integer(6))
    }

    /// The balance as it was before its latest change, which is known to have moved these quantities.
    func before(onHand delta: Int64 = 0, reserved reservedDelta: Int64 = 0) -> Balance {
        Balance(
            id: id, sku: sku, location: location, onHand: onHand - delta, reserved: reserved - reservedDelta,
            reorderPoint: reorderPoint, version: version - 1)
    }

    /// The balance after so many more units of it were reserved.
    func after(reserved quantity: Int64) -> Balance {
        Balance(
            id: id, sku: sku, location: location, onHand: onHand, reserved: reserved + quantity,
            reorderPoint: reorderPoint, version: version + 1)
    }

    /// The names of the JSON members that differ from an earlier state of the same balance, in their order.
    func changedMembers(since before: Balance) -> [String] {
        var names: [String] = []
        if onHand != before.onHand { names.append("on_hand") }
        if reserved != before.reserved { names.append("reserved") }
        if available != before.available { names.append("available") }
        if reorderPoint != before.reorderPoint { names.append("reorder_point") }
        if isLow != before.isLow { names.append("low_stock") }
        if version != before.version { names.append("version") }
        return names
    }
}

extension UnitOfWork {
    /// Appends the change of a balance whose latest statement moved these quantities.
    func record(_ balance: Balance, onHand delta: Int64 = 0, reserved reservedDelta: Int64 = 0) throws {
        try record(balance, since: balance.before(onHand: delta, reserved: reservedDelta))
    }

    /// Appends the change of a balance; its first version is its insertion.
    func record(_ balance: Balance, since before: Balance) throws {
        let after = JSONWriter.bytes(of: balance, capacity: 256)
        guard balance.version > 1 else { return try recordInsert("balance", balance.id, after: after) }
        try recordUpdate(
            "balance", balance.id, before: JSONWriter.bytes(of: before, capacity: 256), after: after,
            changed: balance.changedMembers(since: before))
    }
}
