import ChangeLog
public import Commerce
import Core
import HTTPTypes

extension Routes {
    /// Returns: what comes back of orders, and what is paid back for it.
    public static func returnRoutes(_ commerce: Commerce) -> [Route] {
        returnReads(commerce.returns, commerce.orders) + returnWrites(commerce.returns) + returnMoves(commerce.returns)
    }

    private static func returnReads(_ returns: Returns, _ orders: Orders) -> [Route] {
        let scope = "returns:read"
        return [
            .read(.get, "/api/v1/returns", scope: scope) { request in
                let (filter, page) = try request.readQuery { query in
                    let filter = ReturnFilter(
                        orderID: query.optionalIdentifier("order_id"),
                        status: query.optionalChoice("status", ReturnStatus.self))
                    return (filter, query.page())
                }
                return { .page(try returns.list(filter, page, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/returns/{id}", scope: scope) { request in
                let id = try request.identifier("id")
                return { .ok(try returns.find(id, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/orders/{id}/returns", scope: scope) { request in
                let order = try request.identifier("id")
                let page = try request.readQuery { $0.page() }
                return { transaction in
                    _ = try orders.find(order, of: request.tenant, in: transaction)
                    return .page(
                        try returns.list(ReturnFilter(orderID: order), page, of: request.tenant, in: transaction))
                }
            },
        ]
    }

    private static func returnWrites(_ returns: Returns) -> [Route] {
        let scope = "returns:write"
        return [
            .write(.post, "/api/v1/returns", scope: scope) { request in
                let (order, draft) = try request.readBody { ($0.identifier("order_id"), ReturnDraft(&$0)) }
                return { unit in
                    let made = try returns.create(draft, of: order, in: unit)
                    return .created(made, at: "/api/v1/returns/\(made.id)")
                }
            },
            .write(.post, "/api/v1/orders/{id}/returns", scope: scope) { request in
                let order = try request.identifier("id")
                let draft = try request.readBody { ReturnDraft(&$0) }
                return { unit in
                    let made = try returns.create(draft, of: order, in: unit)
                    return .created(made, at: "/api/v1/returns/\(made.id)")
                }
            },
            .write(.patch, "/api/v1/returns/{id}", scope: scope) { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let patch = try request.readBody { ReturnPatch(&$0) }
                return { .ok(try returns.update(id, patch, expecting: version, in: $0)) }
            },
        ]
    }

    private static func returnMoves(_ returns: Returns) -> [Route] {
        let scope = "returns:write"
        typealias Move = @Sendable (Identifier, Int64?, UnitOfWork) throws -> Return
        func move(_ verb: String, _ move: @escaping Move) -> Route {
            .write(.post, "/api/v1/returns/{id}/\(verb)", scope: scope) { request in
                let id = try request.identifier("id")
                try request.readOptionalBody { _ in }
                return { .ok(try move(id, request.expectedVersion, $0)) }
            }
        }
        return [
            move("approve") { try returns.approve($0, expecting: $1, in: $2) },
            move("reject") { try returns.reject($0, expecting: $1, in: $2) },
            move("refund") { try returns.refund($0, expecting: $1, in: $2) },
            move("cancel") { try returns.cancel($0, expecting: $1, in: $2) },
            .write(.post, "/api/v1/returns/{id}/receive", scope: scope) { request in
                let id = try request.identifier("id")
                let receipt = try request.readOptionalBody { ReturnReceipt(&$0) }
                return { .ok(try returns.receive(id, receipt, expecting: request.expectedVersion, in: $0)) }
            },
            .write(.post, "/api/v1/returns/{id}/restock", scope: scope) { request in
                let id = try request.identifier("id")
                let location = try request.readOptionalBody { $0.optionalString("location", length: StockLimits.code) }
                return { .ok(try returns.restock(id, at: location, expecting: request.expectedVersion, in: $0)) }
            },
        ]
    }
}
