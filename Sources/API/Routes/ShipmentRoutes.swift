public import Commerce
import Core
import HTTPTypes

extension Routes {
    /// Shipments: what leaves for orders, and where it is.
    public static func shipmentRoutes(_ commerce: Commerce) -> [Route] {
        shipmentReads(commerce.shipments, commerce.orders) + shipmentWrites(commerce.shipments)
            + shipmentMoves(commerce.shipments)
    }

    private static func shipmentReads(_ shipments: Shipments, _ orders: Orders) -> [Route] {
        let scope = "shipments:read"
        return [
            .read(.get, "/api/v1/shipments", scope: scope) { request in
                let (filter, page) = try request.readQuery { query in
                    let filter = ShipmentFilter(
                        orderID: query.optionalIdentifier("order_id"),
                        status: query.optionalChoice("status", ShipmentStatus.self),
                        carrier: query.optionalString("carrier", length: ShipmentLimits.name))
                    return (filter, query.page())
                }
                return { .page(try shipments.list(filter, page, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/shipments/{id}", scope: scope) { request in
                let id = try request.identifier("id")
                return { .ok(try shipments.find(id, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/shipments/track/{tracking_number}", scope: scope) { request in
                let number = try request.parameter("tracking_number")
                return { .ok(try shipments.find(trackingNumber: number, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/orders/{id}/shipments", scope: scope) { request in
                let order = try request.identifier("id")
                let page = try request.readQuery { $0.page() }
                return { transaction in
                    _ = try orders.find(order, of: request.tenant, in: transaction)
                    let filter = ShipmentFilter(orderID: order)
                    return .page(try shipments.list(filter, page, of: request.tenant, in: transaction))
                }
            },
        ]
    }

    private static func shipmentWrites(_ shipments: Shipments) -> [Route] {
        let scope = "shipments:write"
        return [
            .write(.post, "/api/v1/shipments", scope: scope) { request in
                let (order, draft) = try request.readBody { ($0.identifier("order_id"), ShipmentDraft(&$0)) }
                return { unit in
                    let shipment = try shipments.create(draft, of: order, in: unit)
                    return .created(shipment, at: "/api/v1/shipments/\(shipment.id)")
                }
            },
            .write(.post, "/api/v1/orders/{id}/shipments", scope: scope) { request in
                let order = try request.identifier("id")
                let draft = try request.readOptionalBody { ShipmentDraft(&$0) }
                return { unit in
                    let shipment = try shipments.create(draft, of: order, in: unit)
                    return .created(shipment, at: "/api/v1/shipments/\(shipment.id)")
                }
            },
            .write(.patch, "/api/v1/shipments/{id}", scope: scope) { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let patch = try request.readBody { ShipmentCarrier(&$0) }
                return { .ok(try shipments.update(id, patch, expecting: version, in: $0)) }
            },
            .write(.post, "/api/v1/shipments/{id}/events", scope: scope) { request in
                let id = try request.identifier("id")
                let event = try request.readBody { ShipmentEventDraft(&$0) }
                return { unit in
                    let shipment = try shipments.record(event, on: id, expecting: request.expectedVersion, in: unit)
                    return .created(shipment, at: "/api/v1/shipments/\(id)")
                }
            },
        ]
    }

    private static func shipmentMoves(_ shipments: Shipments) -> [Route] {
        let scope = "shipments:write"
        func move(_ verb: String, to target: ShipmentStatus) -> Route {
            .write(.post, "/api/v1/shipments/{id}/\(verb)", scope: scope) { request in
                let id = try request.identifier("id")
                let event = try request.readOptionalBody { ShipmentEventDraft(moving: target, &$0) }
                return { .ok(try shipments.move(id, to: target, event, expecting: request.expectedVersion, in: $0)) }
            }
        }
        return [
            .write(.post, "/api/v1/shipments/{id}/ship", scope: scope) { request in
                let id = try request.identifier("id")
                let (event, carrier) = try request.readOptionalBody {
                    (ShipmentEventDraft(moving: .shipped, &$0), ShipmentCarrier(&$0))
                }
                return { unit in
                    .ok(
                        try shipments.move(
                            id, to: .shipped, event, carrier: carrier, expecting: request.expectedVersion, in: unit))
                }
            },
            move("deliver", to: .delivered),
            move("cancel", to: .cancelled),
        ]
    }
}
