import ChangeLog
public import Commerce
import Core
import HTTPTypes
import Storage

extension Routes {
    /// Stock: what there is, how it moves, and who holds some of it.
    public static func inventoryRoutes(_ commerce: Commerce) -> [Route] {
        stockLevels(commerce.inventory) + stockMovements(commerce.inventory) + reserving(commerce)
            + reservations(commerce.inventory)
    }

    private static let read = "inventory:read"
    private static let write = "inventory:write"

    private static func stockLevels(_ inventory: Inventory) -> [Route] {
        [
            .read(.get, "/api/v1/inventory", scope: read) { request in
                let (filter, page) = try request.readQuery { query in
                    let filter = BalanceFilter(
                        sku: query.optionalString("sku", length: StockLimits.sku),
                        location: query.optionalString("location", length: StockLimits.code),
                        isLow: query.optionalBool("low_stock") ?? false)
                    return (filter, query.page())
                }
                return { .page(try inventory.list(filter, page, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/inventory/low-stock", scope: read) { request in
                let (location, page) = try request.readQuery { query in
                    (query.optionalString("location", length: StockLimits.code), query.page())
                }
                let filter = BalanceFilter(location: location, isLow: true)
                return { .page(try inventory.list(filter, page, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/inventory/{sku}", scope: read) { request in
                let sku = try request.parameter("sku")
                return { .ok(try inventory.find(sku, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/inventory/{sku}/ledger", scope: read) { request in
                let sku = try request.parameter("sku")
                let (location, page) = try request.readQuery { query in
                    (query.optionalString("location", length: StockLimits.code), query.page())
                }
                return { .page(try inventory.ledger(of: sku, at: location, page, of: request.tenant, in: $0)) }
            },
            // The version of a balance moves with every sale, so here If-Match is for those who want it.
            .write(.patch, "/api/v1/inventory/{sku}/locations/{location}", scope: write) { request in
                let (sku, location) = (try request.parameter("sku"), try request.parameter("location"))
                let point = try request.readBody { $0.integer("reorder_point", in: 0...StockLimits.onHand) }
                return { unit in
                    .ok(
                        try inventory.setReorderPoint(
                            point, of: sku, at: location, expecting: request.expectedVersion, in: unit))
                }
            },
        ]
    }

    private static func stockMovements(_ inventory: Inventory) -> [Route] {
        [
            .write(.post, "/api/v1/inventory/receive", scope: write) { request in
                let movement = try request.readBody { StockMovement(&$0) }
                return { .ok(try inventory.receive(movement, in: $0)) }
            },
            .write(.post, "/api/v1/inventory/adjust", scope: write) { request in
                let adjustment = try request.readBody { StockAdjustment(&$0) }
                return { .ok(try inventory.adjust(adjustment, in: $0)) }
            },
            .write(.post, "/api/v1/inventory/bulk-adjust", scope: write, bodyLimit: .bulk) { request in
                let bulk = try request.readBody { fields in
                    try Bulk(&fields, rows: "adjustments", count: StockLimits.adjustments) { StockAdjustment(&$0) }
                }
                return { .ok(try inventory.adjust(bulk, in: $0)) }
            },
            .write(.post, "/api/v1/inventory/bulk-count", scope: write, bodyLimit: .bulk) { request in
                let bulk = try request.readBody { fields in
                    try Bulk(&fields, rows: "counts", count: StockLimits.adjustments) { StockCount(&$0) }
                }
                return { .ok(try inventory.count(bulk, in: $0)) }
            },
            .write(.post, "/api/v1/inventory/transfer", scope: write) { request in
                let transfer = try request.readBody { StockTransfer(&$0) }
                return { .ok(try inventory.transfer(transfer, in: $0)) }
            },
            .write(.post, "/api/v1/inventory/count", scope: write) { request in
                let movement = try request.readBody { StockMovement(&$0, quantity: 0...StockLimits.onHand) }
                return { .ok(try inventory.count(movement, in: $0)) }
            },
        ]
    }

    private static func reserving(_ commerce: Commerce) -> [Route] {
        [
            .write(.post, "/api/v1/inventory/reserve", scope: write, isolation: .groupCommit) { request in
                let draft = try request.readBody { ReservationDraft(&$0) }
                return { reserved(try commerce.reserve(draft, in: $0), in: $0) }
            },
            .write(.post, "/api/v1/inventory/{sku}/reserve", scope: write, isolation: .groupCommit) { request in
                let sku = try request.parameter("sku")
                let draft = try request.readBody { ReservationDraft(&$0, sku: sku) }
                return { reserved(try commerce.reserve(draft, in: $0), in: $0) }
            },
        ]
    }

    private static func reserved(_ outcome: ReservationOutcome, in unit: UnitOfWork) -> APIResponse {
        switch outcome {
        case .made(let reservation):
            .created(reservation, reservation.id, at: "/api/v1/inventory/reservations", in: unit)
        case .repeated(let reservation):
            .ok(reservation)
        }
    }

    private static func reservations(_ inventory: Inventory) -> [Route] {
        [
            .read(.get, "/api/v1/inventory/reservations", scope: read) { request in
                let (filter, page) = try request.readQuery { query in
                    let filter = ReservationFilter(
                        state: query.optionalChoice("state", ReservationState.self),
                        sku: query.optionalString("sku", length: StockLimits.sku),
                        reference: query.optionalString("reference", length: StockLimits.reference),
                        orderID: query.optionalIdentifier("order_id"))
                    return (filter, query.page())
                }
                return { .page(try inventory.reservations(filter, page, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/inventory/reservations/{id}", scope: read) { request in
                let id = try request.identifier("id")
                return { .ok(try inventory.find(reservation: id, of: request.tenant, in: $0)) }
            },
            .write(.post, "/api/v1/inventory/reservations/{id}/release", scope: write) { request in
                let id = try request.identifier("id")
                try request.readOptionalBody { _ in }
                return { .ok(try inventory.release(id, expecting: request.expectedVersion, in: $0)) }
            },
            .write(.post, "/api/v1/inventory/reservations/{id}/commit", scope: write) { request in
                let id = try request.identifier("id")
                try request.readOptionalBody { _ in }
                return { .ok(try inventory.commit(id, expecting: request.expectedVersion, in: $0)) }
            },
        ]
    }
}
