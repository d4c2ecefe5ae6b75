public import Commerce
import Core
import HTTPTypes
import Storage

extension Routes {
    /// The customers and their addresses.
    public static func customerRoutes(_ commerce: Commerce) -> [Route] {
        reading(commerce.customers) + writing(commerce.customers)
    }

    private static func reading(_ customers: Customers) -> [Route] {
        [
            .read(.get, "/api/v1/customers", scope: "customers:read") { request in
                let (filter, page) = try request.readQuery { (CustomerFilter(&$0), $0.page()) }
                return { .page(try customers.list(filter, page, of: request.tenant, in: $0)) }
            }.cached(until: "customer"),
            .read(.get, "/api/v1/customers/{id}", scope: "customers:read") { request in
                let id = try request.identifier("id")
                return { .ok(try customers.find(id, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/customers/{id}/addresses", scope: "customers:read") { request in
                let id = try request.identifier("id")
                return { .ok(CustomerAddresses(of: try customers.find(id, of: request.tenant, in: $0))) }
            },
        ]
    }

    private static func writing(_ customers: Customers) -> [Route] {
        [
            .write(.post, "/api/v1/customers", scope: "customers:write") { request in
                let draft = try request.readBody { CustomerDraft(&$0) }
                return { unit in
                    let customer = try customers.create(draft, in: unit)
                    return .created(customer, at: "/api/v1/customers/\(customer.id)")
                }
            },
            .write(.post, "/api/v1/customers/bulk", scope: "customers:write", bodyLimit: .bulk) { request in
                let bulk = try request.readBody { fields in
                    try Bulk(&fields, rows: "customers", count: Customers.bulkRows) { CustomerPatch(&$0) }
                }
                return { .ok(try customers.upsert(bulk, in: $0)) }
            },
            .write(.patch, "/api/v1/customers/{id}", scope: "customers:write") { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let patch = try request.readBody { CustomerPatch(&$0) }
                return { .ok(try customers.update(id, patch, expecting: version, in: $0)) }
            },
            .write(.put, "/api/v1/customers/{id}", scope: "customers:write") { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let draft = try request.readBody { CustomerDraft(&$0) }
                return { .ok(try customers.replace(id, draft, expecting: version, in: $0)) }
            },
            .write(.delete, "/api/v1/customers/{id}", scope: "customers:write", isolation: .readCommitted) { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                return { unit in
                    try customers.delete(id, expecting: version, in: unit)
                    return .noContent
                }
            },
            .write(.post, "/api/v1/customers/{id}/addresses", scope: "customers:write") { request in
                let id = try request.identifier("id")
                let draft = try request.readBody { CustomerAddressDraft(new: &$0) }
                return { unit in
                    let added = try customers.addAddress(draft, to: id, expecting: request.expectedVersion, in: unit)
                    return .created(added, at: "/api/v1/customers/\(id)/addresses")
                }
            },
        ]
    }
}

extension CustomerFilter {
    /// Reads the filters and the order of a list.
    fileprivate init(_ query: inout QueryReader) {
        self.init()
        email = query.optionalString("email", length: CustomerLimits.email)
        externalID = query.optionalString("external_id", length: CustomerLimits.externalID)
        search = query.optionalString("search", length: CustomerLimits.search)
        let order = query.sort(Sort.self, default: .createdAt, descending: true)
        sort = order.key
        descending = order.isDescending
    }
}
