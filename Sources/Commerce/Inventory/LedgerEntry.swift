import ChangeLog
public import Core
import Storage

/// One movement of stock. The deltas of a sku and location add up to its balance.
public struct LedgerEntry: Sendable, Hashable {
    /// What moved it.
    public enum Kind: String, CaseIterable, Sendable {
        case receive
        case adjust
        case transferIn = "transfer_in"
        case transferOut = "transfer_out"
        case count
        case ship
        case `return`
    }

    public let id: Identifier
    public let sku: String
    /// The code of the location.
    public let location: String
    public let kind: Kind
    /// Units that came, or went when it is negative.
    public let delta: Int64
    /// Units that lay there afterwards.
    public let onHandAfter: Int64
    /// The delivery, order or return that it belongs to.
    public let reference: String?
    /// Why, in the words of whoever did it.
    public let reason: String?
    public let createdAt: Timestamp
}

extension LedgerEntry: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("sku", sku)
            json.member("location", location)
            json.member("kind", kind.rawValue)
            json.member("delta", delta)
            json.member("on_hand_after", onHandAfter)
            json.member("reference", reference)
            json.member("reason", reason)
            json.member("created_at", createdAt)
        }
    }
}

extension LedgerEntry {
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns: SQL = "id, sku, location, kind, delta, on_hand_after, reference, reason, created_at"

    init(row: Row) throws {
        self.init(
            id: try row.identifier(0), sku: row.text(1), location: row.text(2), kind: try row.choice(3, Kind.self),
            delta: row.integer(4), onHandAfter: row.integer(5), reference: row.optionalText(6),
            reason: row.optionalText(7), createdAt: row.timestamp(8))
    }
}

extension UnitOfWork {
    /// Writes the movement that led to a balance into the ledger.
    func enter(
        _ kind: LedgerEntry.Kind, _ delta: Int64, to balance: Balance, reference: String?, reason: String? = nil
    ) throws {
        try transaction.execute(
            """
            INSERT INTO stock_ledger (tenant, id, sku, location, kind, delta, on_hand_after, reference, reason,
                created_at)
            VALUES (\(tenant), \(makeIdentifier()), \(balance.sku), \(balance.location), \(kind.rawValue), \(delta),
                \(balance.onHand), \(reference), \(reason), \(now))
            """)
    }
}
