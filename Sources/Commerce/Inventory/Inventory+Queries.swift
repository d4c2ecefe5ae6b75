public import Core
public import Storage

/// Which balances a list has.
public struct BalanceFilter: Sendable, Hashable {
    public var sku: String?
    /// The code of a location.
    public var location: String?
    /// Whether only those are wanted whose available units are at or below their reorder point.
    public var isLow: Bool

    /// A choice of balances; all of them when nothing is said.
    public init(sku: String? = nil, location: String? = nil, isLow: Bool = false) {
        self.sku = sku
        self.location = location
        self.isLow = isLow
    }
}

/// Which reservations a list has.
public struct ReservationFilter: Sendable, Hashable {
    public var state: ReservationState?
    public var sku: String?
    public var reference: String?
    public var orderID: Identifier?

    /// A choice of reservations; all of them when nothing is said.
    public init(
        state: ReservationState? = nil, sku: String? = nil, reference: String? = nil, orderID: Identifier? = nil
    ) {
        self.state = state
        self.sku = sku
        self.reference = reference
        self.orderID = orderID
    }
}

extension Inventory {
    /// Balances by sku and location.
    public func list(
        _ filter: BalanceFilter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Balance> {
        var rows: SQL = "FROM balances WHERE tenant = \(tenant)"
        if let sku = filter.sku { rows += " AND sku = \(sku)" }
        if let location = filter.location { rows += " AND location = \(location)" }
        if filter.isLow { rows += " AND reorder_point >= on_hand - reserved" }
        let end = try SQL.page([.text("sku"), .text("location")], descending: false, page)
        let fetched = try transaction.rows("SELECT \(Balance.columns) \(rows)\(end)", Balance.init(row:))
        return Page(fetched: fetched, page, total: try total(of: rows, page, in: transaction)) {
            [.text($0.sku), .text($0.location)]
        }
    }

    /// What there is of a sku, in all and at each location.
    ///
    /// - throws: ``Failure`` `not_found` when there never was any.
    public func find(_ sku: String, of tenant: Tenant, in transaction: any ReadTransaction) throws -> StockLevel {
        let balances = try transaction.rows(
            "SELECT \(Balance.columns) FROM balances WHERE tenant = \(tenant) AND sku = \(sku) ORDER BY location",
            Balance.init(row:))
        guard !balances.isEmpty else { throw Failure.notFound("stock of", sku) }
        return StockLevel(sku: sku, balances: balances)
    }

    /// The movements of a sku, the latest first, at one location if it is given.
    public func ledger(
        of sku: String, at location: String? = nil, _ page: PageRequest, of tenant: Tenant,
        in transaction: any ReadTransaction
    ) throws -> Page<LedgerEntry> {
        var rows: SQL = "FROM stock_ledger WHERE tenant = \(tenant) AND sku = \(sku)"
        if let location { rows += " AND location = \(location)" }
        let end = try SQL.page([.identifier("id")], descending: true, page)
        let fetched = try transaction.rows("SELECT \(LedgerEntry.columns) \(rows)\(end)", LedgerEntry.init(row:))
        return Page(fetched: fetched, page, total: try total(of: rows, page, in: transaction)) { [.identifier($0.id)] }
    }

    /// A reservation by its identifier.
    public func find(
        reservation id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Reservation {
        let found = try transaction.first(
            "SELECT \(Reservation.columns) FROM reservations WHERE tenant = \(tenant) AND id = \(id)",
            Reservation.init(row:))
        guard let found else { throw Failure.notFound("reservation", id) }
        return found
    }

    /// The reservations of some identifiers, of those that there are.
    func load(
        reservations ids: [Identifier], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [Reservation] {
        try transaction.rows(
            "SELECT \(Reservation.columns) FROM reservations WHERE tenant = \(tenant) AND id = \(each: ids)",
            Reservation.init(row:))
    }

    /// The balances of some identifiers, of those that there are.
    func load(
        balances ids: [Identifier], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [Balance] {
        try transaction.rows(
            "SELECT \(Balance.columns) FROM balances WHERE tenant = \(tenant) AND id = \(each: ids)",
            Balance.init(row:))
    }

    /// Reservations, the latest first.
    public func reservations(
        _ filter: ReservationFilter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Reservation> {
        var rows: SQL = "FROM reservations WHERE tenant = \(tenant)"
        if let state = filter.state { rows += " AND state = \(state.rawValue)" }
        if let sku = filter.sku { rows += " AND sku = \(sku)" }
        if let reference = filter.reference { rows += " AND reference = \(reference)" }
        if let order = filter.orderID { rows += " AND order_id = \(order)" }
        let end = try SQL.page([.identifier("id")], descending: true, page)
        let fetched = try transaction.rows("SELECT \(Reservation.columns) \(rows)\(end)", Reservation.init(row:))
        return Page(fetched: fetched, page, total: try total(of: rows, page, in: transaction)) { [.identifier($0.id)] }
    }

    private func total(of rows: SQL, _ page: PageRequest, in transaction: any ReadTransaction) throws -> Int64? {
        guard page.countsTotal else { return nil }
        return try transaction.first("SELECT COUNT(*) \(rows)") { $0.integer(0) }
    }
}
