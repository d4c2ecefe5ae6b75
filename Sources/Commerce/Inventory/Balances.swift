import ChangeLog
import Core
import Storage

/// The statements that move quantities. Each is one conditional UPDATE that the stock itself must allow, so nothing can
/// come in between a look and a change; none writes anything when it returns nil.
struct Balances {
    /// How often a reserve looks again when others took the stock of the location that it chose.
    static let attemptLimit = 16

    /// Sets units aside: at the given location, or at the first by priority that has enough.
    ///
    /// Returns the balance afterwards, or nil when no location in question has enough.
    func take(_ quantity: Int64, of sku: String, at location: String?, in unit: UnitOfWork) throws -> Balance? {
        guard unit.transaction.isRemote else { return try takeHere(quantity, of: sku, at: location, in: unit) }
        let taking = taking([(sku, quantity)], at: location, in: unit)
        try unit.transaction.announce([taking])
        for _ in 0..<Self.attemptLimit {
            if let taken = try unit.transaction.first(taking, Balance.init(row:)) { return taken }
            // Whoever had the row locked may have taken its last units; another location may still have some.
            guard try unit.transaction.exists(place(sku, quantity, at: location, in: unit)) else { return nil }
        }
        throw Self.contended(sku)
    }

    /// The same where a statement costs little and nobody else writes: two simple ones are quicker than one that does
    /// both.
    private func takeHere(
        _ quantity: Int64, of sku: String, at location: String?, in unit: UnitOfWork
    ) throws -> Balance? {
        let place: SQL = location.map { " AND b.location = \($0)" } ?? ""
        let found = try unit.transaction.first(
            """
            SELECT b.id, b.sku, b.location, b.on_hand, b.reserved, b.reorder_point, b.version
            FROM balances b JOIN locations l ON l.tenant = b.tenant AND l.code = b.location
            WHERE b.tenant = \(unit.tenant) AND b.sku = \(sku)\(place) AND b.on_hand - b.reserved >= \(quantity)
                AND l.is_active = 1
            ORDER BY l.priority, l.code LIMIT 1
            """, Balance.init(row:))
        guard let found else { return nil }
        try unit.transaction.enqueue(
            """
            UPDATE balances SET reserved = reserved + \(quantity), version = version + 1
            WHERE tenant = \(unit.tenant) AND sku = \(found.sku) AND location = \(found.location)
            """)
        return found.after(reserved: quantity)
    }

    /// Sets units aside for several lines of different skus at once: for each at the first location by priority that
    /// has enough. Returns nil, and takes nothing, when a line's units are not all at one location.
    ///
    /// - parameter lines: in the order of the skus, in which everyone locks the rows, so that two orders never wait for
    ///   each other.
    func take(_ lines: [(sku: String, quantity: Int64)], in unit: UnitOfWork) throws -> [Balance]? {
        let taking = taking(lines, at: nil, in: unit)
        try unit.transaction.announce([taking])
        let rows = try unit.transaction.rows(taking, Balance.init(row:))
        let taken = Dictionary(uniqueKeysWithValues: rows.map { ($0.sku, $0) })
        guard taken.count == lines.count else {
            for line in lines where taken[line.sku] != nil { try putBack(line.quantity, taken[line.sku], in: unit) }
            return nil
        }
        return lines.compactMap { taken[$0.sku] }
    }

    /// The row as it was before units were taken from it by mistake: nobody else has seen it since.
    private func putBack(_ quantity: Int64, _ balance: Balance?, in unit: UnitOfWork) throws {
        guard let balance else { return }
        try unit.transaction.enqueue(
            """
            UPDATE balances SET reserved = reserved - \(quantity), version = version - 1
            WHERE tenant = \(unit.tenant) AND sku = \(balance.sku) AND location = \(balance.location)
            """)
    }

    /// The statement that takes units of each sku at the first location by priority that has enough, and returns the
    /// balances afterwards. What it decides by it also checks of the row that it changes.
    private func taking(_ lines: [(sku: String, quantity: Int64)], at location: String?, in unit: UnitOfWork) -> SQL {
        var wanted: SQL = ""
        for line in lines {
            if !wanted.text.isEmpty { wanted += ", " }
            wanted += "(\(line.sku), \(line.quantity))"
        }
        return """
            UPDATE balances SET reserved = reserved + wanted.column2, version = version + 1
            FROM (VALUES \(wanted)) AS wanted
            WHERE tenant = \(unit.tenant) AND sku = wanted.column1 AND on_hand - reserved >= wanted.column2
                AND location = (\(place("wanted.column1", "wanted.column2", at: location, in: unit)))
            RETURNING id, sku, location, on_hand, reserved, reorder_point, version
            """
    }

    /// The first active location by priority that has enough of a sku.
    private func place(_ sku: SQL, _ quantity: SQL, at location: String?, in unit: UnitOfWork) -> SQL {
        let place: SQL = location.map { " AND b.location = \($0)" } ?? ""
        return """
            SELECT b.location FROM balances b JOIN locations l ON l.tenant = b.tenant AND l.code = b.location
            WHERE b.tenant = \(unit.tenant) AND b.sku = \(sku)\(place) AND b.on_hand - b.reserved >= \(quantity)
                AND l.is_active = 1
            ORDER BY l.priority, l.code LIMIT 1
            """
    }

    private func place(_ sku: String, _ quantity: Int64, at location: String?, in unit: UnitOfWork) -> SQL {
        place("\(sku)", "\(quantity)", at: location, in: unit)
    }

    /// Others kept coming first, although there was enough for all.
    static func contended(_ sku: String) -> Failure {
        Failure(
            .unavailable, code: "stock_contended", "Others keep changing the stock of \(sku). Try again.",
            retryAfter: 1)
    }

    /// Moves the units of a reservation back to the available ones.
    func giveBack(_ quantity: Int64, of sku: String, at location: String, in unit: UnitOfWork) throws -> Balance? {
        try unit.transaction.first(
            """
            UPDATE balances SET reserved = reserved - \(quantity), version = version + 1
            WHERE tenant = \(unit.tenant) AND sku = \(sku) AND location = \(location) AND reserved >= \(quantity)
            RETURNING \(Balance.columns)
            """, Balance.init(row:))
    }

    /// Takes reserved units out of the stock.
    func ship(_ quantity: Int64, of sku: String, at location: String, in unit: UnitOfWork) throws -> Balance? {
        try unit.transaction.first(
            """
            UPDATE balances
            SET on_hand = on_hand - \(quantity), reserved = reserved - \(quantity), version = version + 1
            WHERE tenant = \(unit.tenant) AND sku = \(sku) AND location = \(location) AND reserved >= \(quantity)
            RETURNING \(Balance.columns)
            """, Balance.init(row:))
    }

    /// Adds units, making the balance when there is none. Returns nil when it would hold more than the limit.
    func add(_ quantity: Int64, of sku: String, at location: String, in unit: UnitOfWork) throws -> Balance? {
        try unit.transaction.first(
            """
            INSERT INTO balances (tenant, sku, location, id, on_hand, reserved, reorder_point, version)
            VALUES (\(unit.tenant), \(sku), \(location), \(unit.makeIdentifier()), \(quantity), 0, 0, 1)
            ON CONFLICT (tenant, sku, location) DO UPDATE
                SET on_hand = balances.on_hand + excluded.on_hand, version = balances.version + 1
                WHERE balances.on_hand + excluded.on_hand <= \(StockLimits.onHand)
            RETURNING \(Balance.columns)
            """, Balance.init(row:))
    }

    /// Takes away units that nobody has reserved. Returns nil when there are not so many.
    func remove(_ quantity: Int64, of sku: String, at location: String, in unit: UnitOfWork) throws -> Balance? {
        try unit.transaction.first(
            """
            UPDATE balances SET on_hand = on_hand - \(quantity), version = version + 1
            WHERE tenant = \(unit.tenant) AND sku = \(sku) AND location = \(location)
                AND on_hand - reserved >= \(quantity)
            RETURNING \(Balance.columns)
            """, Balance.init(row:))
    }

    /// Makes a balance. Returns nil when there is one already.
    func make(_ quantity: Int64, of sku: String, at location: String, in unit: UnitOfWork) throws -> Balance? {
        try unit.transaction.first(
            """
            INSERT INTO balances (tenant, sku, location, id, on_hand, reserved, reorder_point, version)
            VALUES (\(unit.tenant), \(sku), \(location), \(unit.makeIdentifier()), \(quantity), 0, 0, 1)
            ON CONFLICT (tenant, sku, location) DO NOTHING
            RETURNING \(Balance.columns)
            """, Balance.init(row:))
    }

    /// Sets the units that lie there. Returns nil when the balance has changed since it was read.
    func set(_ quantity: Int64, instead old: Balance, in unit: UnitOfWork) throws -> Balance? {
        try unit.transaction.first(
            """
            UPDATE balances SET on_hand = \(quantity), version = version + 1
            WHERE tenant = \(unit.tenant) AND sku = \(old.sku) AND location = \(old.location)
                AND version = \(old.version)
            RETURNING \(Balance.columns)
            """, Balance.init(row:))
    }

    /// Sets the reorder point. Returns nil when the balance has changed since it was read.
    func setReorderPoint(_ point: Int64, instead old: Balance, in unit: UnitOfWork) throws -> Balance? {
        try unit.transaction.first(
            """
            UPDATE balances SET reorder_point = \(point), version = version + 1
            WHERE tenant = \(unit.tenant) AND sku = \(old.sku) AND location = \(old.location)
                AND version = \(old.version)
            RETURNING \(Balance.columns)
            """, Balance.init(row:))
    }

    /// The balance of a sku at a location, or nil when nothing ever lay there.
    func find(
        _ sku: String, at location: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Balance? {
        try transaction.first(
            """
            SELECT \(Balance.columns) FROM balances
            WHERE tenant = \(tenant) AND sku = \(sku) AND location = \(location)
            """, Balance.init(row:))
    }

    /// The balances of a sku at the locations that may be reserved from, in the order in which they are chosen.
    func reservable(_ sku: String, of tenant: Tenant, in transaction: any ReadTransaction) throws -> [Balance] {
        try transaction.rows(
            """
            SELECT b.id, b.sku, b.location, b.on_hand, b.reserved, b.reorder_point, b.version
            FROM balances b JOIN locations l ON l.tenant = b.tenant AND l.code = b.location
            WHERE b.tenant = \(tenant) AND b.sku = \(sku) AND l.is_active = 1
            ORDER BY l.priority, l.code
            """, Balance.init(row:))
    }
}
