public import Commerce
import Core
import HTTPTypes
import Storage

extension Routes {
    /// What was paid and paid back for orders.
    public static func paymentRoutes(_ commerce: Commerce) -> [Route] {
        let payments = commerce.payments
        return [
            .read(.get, "/api/v1/payments", scope: "payments:read") { request in
                let (filter, page) = try request.readQuery { query in
                    (
                        PaymentFilter(
                            orderID: query.optionalIdentifier("order_id"),
                            kind: query.optionalChoice("kind", Payment.Kind.self)),
                        query.page()
                    )
                }
                return { .page(try payments.list(filter, page, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/payments/{id}", scope: "payments:read") { request in
                let id = try request.identifier("id")
                return { .ok(try payments.find(id, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/orders/{id}/payments", scope: "payments:read") { request in
                let id = try request.identifier("id")
                let page = try request.readQuery { $0.page() }
                return { transaction in
                    _ = try commerce.orders.find(id, of: request.tenant, in: transaction)
                    return .page(
                        try payments.list(PaymentFilter(orderID: id), page, of: request.tenant, in: transaction))
                }
            },
            .write(.post, "/api/v1/orders/{id}/payments", scope: "payments:write") { request in
                let id = try request.identifier("id")
                let draft = try request.readOptionalBody { PaymentDraft(&$0) }
                return { unit in
                    let payment = try payments.pay(order: id, draft, expecting: request.expectedVersion, in: unit)
                    return .created(payment, at: "/api/v1/payments/\(payment.id)")
                }
            },
            .write(.post, "/api/v1/orders/{id}/refunds", scope: "payments:write") { request in
                let id = try request.identifier("id")
                let draft = try request.readOptionalBody { PaymentDraft(&$0) }
                return { unit in
                    let payment = try payments.refund(order: id, draft, expecting: request.expectedVersion, in: unit)
                    return .created(payment, at: "/api/v1/payments/\(payment.id)")
                }
            },
        ]
    }
}
