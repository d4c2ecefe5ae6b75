public import Core

/// What there is of a sku, in all and at each location.
public struct StockLevel: Sendable, Hashable {
    public let sku: String
    /// Its balances by their locations' codes.
    public let balances: [Balance]

    /// Units that lie anywhere.
    public var onHand: Int64 { balances.reduce(0) { $0 + $1.onHand } }
    /// Units of those that reservations hold.
    public var reserved: Int64 { balances.reduce(0) { $0 + $1.reserved } }
    /// Units that can still be reserved.
    public var available: Int64 { onHand - reserved }
}

extension StockLevel: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("sku", sku)
            json.member("on_hand", onHand)
            json.member("reserved", reserved)
            json.member("available", available)
            json.member("locations", array: balances)
        }
    }
}
