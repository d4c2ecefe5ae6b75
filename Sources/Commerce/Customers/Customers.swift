public import ChangeLog
public import Core
public import Storage

/// The customers of a shop.
public struct Customers: Sendable {
    /// Whether there are orders of a customer.
    public typealias OrderCheck = @Sendable (Identifier, Tenant, any ReadTransaction) throws -> Bool

    private let hasOrders: OrderCheck

    /// The customer service.
    ///
    /// - parameter hasOrders: tells whether a customer must stay because of orders. By default every one may go.
    public init(hasOrders: @escaping OrderCheck = { _, _, _ in false }) {
        self.hasOrders = hasOrders
    }

    /// Makes a customer.
    ///
    /// - throws: ``Failure`` `email_taken`, `external_id_taken` or `invalid_request`.
    public func create(_ draft: CustomerDraft, in unit: UnitOfWork) throws -> Customer {
        var customer = Customer(id: unit.makeIdentifier(), createdAt: unit.now)
        try customer.apply(draft.patch, makeIdentifier: unit.makeIdentifier)
        try insert(customer, in: unit)
        return customer
    }

    /// A customer by the identifier.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(_ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Customer {
        let query = Self.selection + "WHERE tenant = \(tenant) AND id = \(id)"
        guard let customer = try transaction.first(query, { try Customer($0) }) else {
            throw Failure.notFound("customer", id)
        }
        return customer
    }

    /// A customer by another system's identifier.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(
        externalID: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Customer {
        let query = Self.selection + "WHERE tenant = \(tenant) AND external_id = \(externalID)"
        guard let customer = try transaction.first(query, { try Customer($0) }) else {
            throw Failure.notFound("customer with the external_id", externalID)
        }
        return customer
    }

    /// Whether there is a customer of an identifier.
    public func exists(_ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Bool {
        try transaction.exists("SELECT 1 FROM customers WHERE tenant = \(tenant) AND id = \(id)")
    }

    /// Whether there is such a customer, who then stays until the unit of work is done.
    func holds(_ id: Identifier, in unit: UnitOfWork) throws -> Bool {
        try unit.transaction.exists(Self.holds(id, in: unit))
    }

    /// The question that ``holds(_:in:)`` asks.
    static func holds(_ id: Identifier, in unit: UnitOfWork) -> SQL {
        "SELECT 1 FROM customers WHERE tenant = \(unit.tenant) AND id = \(id)\(unit.transaction.sharedRowLock)"
    }

    /// Changes what a patch names.
    ///
    /// - parameter version: the version that the client has seen, or nil for whatever is current.
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, `email_taken`, `external_id_taken` or `invalid_request`.
    public func update(
        _ id: Identifier, _ patch: CustomerPatch, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Customer {
        let old = try current(id, expecting: version, in: unit)
        var new = old
        try new.apply(patch, makeIdentifier: unit.makeIdentifier)
        return try save(new, over: old, in: unit)
    }

    /// Puts what a draft says in the place of everything that the customer was. Addresses that it names keep their
    /// identifier.
    ///
    /// - throws: ``Failure`` as ``update(_:_:expecting:in:)``.
    public func replace(
        _ id: Identifier, _ draft: CustomerDraft, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Customer {
        let old = try current(id, expecting: version, in: unit)
        var new = Customer(id: id, createdAt: old.createdAt)
        new.version = old.version
        new.updatedAt = old.updatedAt
        var patch = draft.patch
        if case .keep = patch.addresses { patch.addresses = .remove }
        new.addresses = old.addresses
        try new.apply(patch, makeIdentifier: unit.makeIdentifier)
        return try save(new, over: old, in: unit)
    }

    /// Removes a customer who has no orders.
    ///
    /// - throws: ``Failure`` `not_found`, `version_mismatch` or `customer_has_orders`.
    public func delete(_ id: Identifier, expecting version: Int64?, in unit: UnitOfWork) throws {
        let customer = try current(id, expecting: version, in: unit)
        // Before the look for orders: from now on no order can be made for the customer (``holds(_:in:)``).
        let count = try unit.transaction.execute(
            """
            DELETE FROM customers WHERE tenant = \(unit.tenant) AND id = \(id) AND version = \(customer.version)
            """)
        guard count == 1 else { throw Failure.versionMismatch("customer", current: customer.version + 1) }
        guard try !hasOrders(id, unit.tenant, unit.transaction) else {
            throw Failure.conflict(
                "customer_has_orders", "There are orders of this customer, so it stays. Remove what it should not keep."
            )
        }
        try unit.recordDelete("customer", id, before: JSONWriter.bytes(of: customer))
    }

    /// Adds an address, which becomes the default of its purpose in place of the one so far when it says so.
    ///
    /// - throws: ``Failure`` `not_found`, `version_mismatch` or `too_many_addresses`.
    public func addAddress(
        _ draft: CustomerAddressDraft, to id: Identifier, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> VersionedAddress {
        let old = try current(id, expecting: version, in: unit)
        guard old.addresses.count < CustomerLimits.addresses.upperBound else {
            throw Failure.conflict(
                "too_many_addresses",
                "A customer has at most \(CustomerLimits.addresses.upperBound) addresses. Replace one with PATCH.")
        }
        let address = CustomerAddress(draft, id: unit.makeIdentifier())
        var new = old
        new.addAddress(address)
        return VersionedAddress(address: address, version: try save(new, over: old, in: unit).version)
    }

    private func current(_ id: Identifier, expecting version: Int64?, in unit: UnitOfWork) throws -> Customer {
        let customer = try find(id, of: unit.tenant, in: unit.transaction)
        if let version, version != customer.version {
            throw Failure.versionMismatch("customer", current: customer.version)
        }
        return customer
    }
}
