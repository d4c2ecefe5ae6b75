public import ChangeLog
import Core
import Storage

/// Making and changing many customers in one unit of work.
extension Customers {
    /// How many customers one request may bring.
    public static let bulkRows = 1...1_000

    /// Changes the customer of each row that is known by its `external_id` or else its e-mail address, and makes each
    /// other one. An address that a customer has already keeps its identifier.
    ///
    /// - throws: in mode `atomic`, ``Failure`` `bulk_rejected` with what is wrong with each refused row.
    public func upsert(_ bulk: Bulk<CustomerPatch>, in unit: UnitOfWork) throws -> BulkResult {
        try bulk.write("customers", in: unit) { patch in
            guard let old = try known(patch, in: unit) else {
                guard patch.name != nil else {
                    throw Failure.invalid(at: "/name", "This member is required, because there is no such customer.")
                }
                var customer = Customer(id: unit.makeIdentifier(), createdAt: unit.now)
                try customer.apply(patch, makeIdentifier: unit.makeIdentifier)
                try insert(customer, in: unit)
                return .created(customer.id, version: customer.version)
            }
            var new = old
            try new.apply(patch.keepingAddresses(of: old), makeIdentifier: unit.makeIdentifier)
            let saved = try save(new, over: old, in: unit)
            let changed = saved != old
            return changed
                ? .updated(saved.id, version: saved.version) : .unchanged(saved.id, version: saved.version)
        }
    }

    /// The customer that a row is about.
    ///
    /// - throws: ``Failure`` `email_taken` when external identifier and e-mail address belong to two customers.
    private func known(_ patch: CustomerPatch, in unit: UnitOfWork) throws -> Customer? {
        var customer: Customer?
        if case .set(let externalID) = patch.externalID {
            customer = try first("external_id = \(externalID)", in: unit)
        }
        guard case .set(let email) = patch.email else { return customer }
        let owner = try first("email_key = \(email.key)", in: unit)
        guard let owner, owner.id != customer?.id else { return customer ?? owner }
        let isSame: Bool = if case .set(let name) = patch.externalID { owner.externalID == name } else { true }
        guard customer == nil, isSame || owner.externalID == nil else {
            throw Failure.conflict(
                "email_taken", "Another customer has the e-mail address \(email.text). Change that one instead.",
                details: [.init("email", .string(email.text))])
        }
        return owner
    }

    private func first(_ condition: SQL, in unit: UnitOfWork) throws -> Customer? {
        try unit.transaction.first(Self.selection + "WHERE tenant = \(unit.tenant) AND " + condition) {
            try Customer($0)
        }
    }
}

extension CustomerPatch {
    /// The patch with the identifiers of the addresses that the customer has already.
    fileprivate func keepingAddresses(of customer: Customer) -> CustomerPatch {
        guard case .set(let drafts) = addresses else { return self }
        var free = customer.addresses
        var patch = self
        patch.addresses = .set(
            drafts.map { draft in
                guard draft.id == nil,
                    let place = free.firstIndex(where: {
                        $0.purpose == draft.purpose && $0.address == draft.address
                    })
                else { return draft }
                var kept = draft
                kept.id = free.remove(at: place).id
                return kept
            })
        return patch
    }
}
