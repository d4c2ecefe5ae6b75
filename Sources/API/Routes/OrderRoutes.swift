public import Commerce
import Core
import HTTPTypes
import Storage

extension Routes {
    /// Orders and their lines.
    public static func orderRoutes(_ commerce: Commerce) -> [Route] {
        orderReads(commerce.orders) + orderWrites(commerce.orders) + orderMoves(commerce.orders)
            + lineWrites(commerce.orders)
    }

    private static let read = "orders:read"
    private static let write = "orders:write"

    private static func orderReads(_ orders: Orders) -> [Route] {
        [
            .read(.get, "/api/v1/orders", scope: read) { request in
                let (filter, page) = try request.readQuery { (OrderFilter(&$0), $0.page()) }
                return { .page(try orders.list(filter, page, of: request.tenant, in: $0)) }
            }.cached(until: "order"),
            .entity("/api/v1/orders/{id}", scope: read, entityType: "order") { try orders.find($0, of: $1, in: $2) },
            .read(.get, "/api/v1/orders/by-number/{number}", scope: read) { request in
                let number = try request.parameter("number")
                return { .ok(try orders.find(number: number, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/orders/{id}/items", scope: read) { request in
                let name = try request.parameter("id")
                return { transaction in
                    let order =
                        try Identifier(name).map { try orders.find($0, of: request.tenant, in: transaction) }
                        ?? orders.find(number: name, of: request.tenant, in: transaction)
                    return .page(Page(items: order.lines ?? [], next: nil))
                }
            },
            .read(.get, "/api/v1/customers/{id}/orders", scope: read) { request in
                let id = try request.identifier("id")
                let (filter, page) = try request.readQuery { (OrderFilter(ofCustomer: id, &$0), $0.page()) }
                return { .page(try orders.list(ofCustomer: id, filter, page, of: request.tenant, in: $0)) }
            },
        ]
    }

    private static func orderWrites(_ orders: Orders) -> [Route] {
        [
            .write(.post, "/api/v1/orders", scope: write, isolation: .groupCommit) { request in
                let draft = try request.readBody { OrderDraft(&$0, .init(of: request)) }
                return { unit in
                    let order = try orders.create(draft, in: unit)
                    return .created(order, order.id, at: "/api/v1/orders", in: unit)
                }
            },
            .write(.post, "/api/v1/orders/bulk", scope: "orders:import", bodyLimit: .bulk) { request in
                let bulk = try request.readBody { fields in
                    try Bulk(&fields, rows: "orders", count: OrderLimits.bulk) { OrderDraft(&$0, .init(of: request)) }
                }
                return { .ok(try orders.takeOver(bulk, in: $0)) }
            },
            .write(.patch, "/api/v1/orders/{id}", scope: write) { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let patch = try request.readBody { OrderPatch(&$0) }
                return { .ok(try orders.update(id, patch, expecting: version, in: $0)) }
            },
            .write(.put, "/api/v1/orders/{id}", scope: write) { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let patch = try request.readBody { OrderPatch(replacing: &$0) }
                return { .ok(try orders.update(id, patch, expecting: version, in: $0)) }
            },
            .write(.delete, "/api/v1/orders/{id}", scope: write) { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                return { unit in
                    try orders.delete(id, expecting: version, in: unit)
                    return .noContent
                }
            },
        ]
    }

    private static func orderMoves(_ orders: Orders) -> [Route] {
        [
            .write(.put, "/api/v1/orders/{id}/status", scope: write) { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let (status, reason) = try request.readBody { fields in
                    (
                        fields.choice("status", OrderStatus.self) ?? .pending,
                        fields.optionalString("reason", length: OrderLimits.reason)
                    )
                }
                return { .ok(try orders.move(id, to: status, reason: reason, expecting: version, in: $0)) }
            },
            .write(.post, "/api/v1/orders/{id}/cancel", scope: write) { request in
                let id = try request.identifier("id")
                let reason = try request.readOptionalBody { $0.optionalString("reason", length: OrderLimits.reason) }
                let version = request.expectedVersion
                return { .ok(try orders.move(id, to: .cancelled, reason: reason, expecting: version, in: $0)) }
            },
            .write(.post, "/api/v1/orders/{id}/archive", scope: write) { request in
                let id = try request.identifier("id")
                try request.readOptionalBody { _ in }
                return { .ok(try orders.archive(id, expecting: request.expectedVersion, in: $0)) }
            },
            .write(.post, "/api/v1/orders/{id}/unarchive", scope: write) { request in
                let id = try request.identifier("id")
                try request.readOptionalBody { _ in }
                return { .ok(try orders.archive(id, false, expecting: request.expectedVersion, in: $0)) }
            },
        ]
    }

    private static func lineWrites(_ orders: Orders) -> [Route] {
        [
            .write(.post, "/api/v1/orders/{id}/items", scope: write) { request in
                let id = try request.identifier("id")
                let items = try request.readBody { fields in
                    fields.objects("items", count: OrderLimits.lines) { OrderItemDraft(&$0) }
                }
                let permissions = OrderDraft.Permissions(of: request)
                let version = request.expectedVersion
                return { .ok(try orders.addLines(items, to: id, permissions, expecting: version, in: $0)) }
            },
            .write(.patch, "/api/v1/orders/{id}/items/{line}", scope: write) { request in
                let (id, line) = (try request.identifier("id"), try request.identifier("line"))
                let version = try request.requireVersion()
                let patch = try request.readBody { OrderLinePatch(&$0, .init(of: request)) }
                return { .ok(try orders.changeLine(line, of: id, patch, expecting: version, in: $0)) }
            },
            .write(.delete, "/api/v1/orders/{id}/items/{line}", scope: write) { request in
                let (id, line) = (try request.identifier("id"), try request.identifier("line"))
                let version = try request.requireVersion()
                return { .ok(try orders.removeLine(line, of: id, expecting: version, in: $0)) }
            },
        ]
    }
}

extension OrderDraft.Permissions {
    /// What the credential of a request may decide.
    fileprivate init(of request: APIRequest) {
        self.init(
            setsPrices: request.credential.allows("orders:price"),
            importsHistory: request.credential.allows("orders:import"))
    }
}

extension OrderFilter {
    /// Reads the parameters of the list of a customer's orders, or of everybody's.
    fileprivate init(ofCustomer customer: Identifier? = nil, _ query: inout QueryReader) {
        self.init()
        let names = OrderStatus.allCases.map(\.rawValue)
        for name in query.optionalStrings("status", count: 1...names.count, length: 1...20) ?? [] {
            if let status = OrderStatus(rawValue: name) {
                statuses.append(status)
            } else {
                query.reject("status", "One of \(names.joined(separator: ", ")) is expected.")
            }
        }
        customerID = customer ?? query.optionalIdentifier("customer_id")
        from = query.optionalTimestamp("from")
        to = query.optionalTimestamp("to")
        search = query.optionalString("search", length: OrderLimits.externalID)
        isArchived = query.optionalBool("archived") ?? false
        includesLines = query.optionalBool("include_items") ?? false
        let order = query.sort(Sort.self, default: .createdAt, descending: true)
        sort = order.key
        descending = order.isDescending
    }
}
