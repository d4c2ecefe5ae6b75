public import Core
public import Storage

/// Which customers a list shows, and in which order.
public struct CustomerFilter: Sendable, Hashable {
    /// What a list is sorted by.
    public enum Sort: String, CaseIterable, Sendable {
        case createdAt = "created_at"
        case name
    }

    /// Only the customer with an e-mail address, whatever its case.
    public var email: String?
    /// Only the customer of another system's identifier.
    public var externalID: String?
    /// Only customers whose name begins so, whatever its case.
    public var search: String?
    /// What the list is sorted by.
    public var sort = Sort.createdAt
    /// Whether the last comes first.
    public var descending = true

    /// Every customer, the newest first.
    public init() {}
}

extension Customers {
    /// A page of the customers that a filter lets through.
    ///
    /// - throws: ``Failure`` `invalid_cursor` when the cursor is of another list.
    public func list(
        _ filter: CustomerFilter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Customer> {
        let conditions = filter.conditions(tenant)
        var total: Int64?
        if page.countsTotal {
            total = try transaction.first("SELECT COUNT(*) FROM customers \(conditions)") { $0.integer(0) }
        }
        let columns: [SortColumn] = filter.sort == .name ? [.text("name_key"), .identifier("id")] : [.identifier("id")]
        let order = try SQL.page(columns, descending: filter.descending, page)
        let customers = try transaction.rows(Self.selection + conditions + order) { try Customer($0) }
        return Page(fetched: customers, page, total: total) { customer in
            filter.sort == .name
                ? [.text(customer.name.lowercased()), .identifier(customer.id)] : [.identifier(customer.id)]
        }
    }
}

extension CustomerFilter {
    fileprivate func conditions(_ tenant: Tenant) -> SQL {
        var conditions: SQL = "WHERE tenant = \(tenant)"
        if let email { conditions += " AND email_key = \(email.lowercased())" }
        if let externalID { conditions += " AND external_id = \(externalID)" }
        if let search {
            // The last code point there is ends the range of the texts that begin so.
            let start = search.lowercased()
            conditions += " AND name_key >= \(start) AND name_key < \(start + "\u{10FFFF}")"
        }
        return conditions
    }
}
