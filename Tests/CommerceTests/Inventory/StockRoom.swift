import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// A store with the tables of stock, and short words for what the tests do with it.
struct StockRoom: Sendable {
    let store: TestStore
    let inventory = Inventory()

    init(_ engine: TestStore.Engine) async throws {
        store = try await TestStore(engine, schemas: [InventorySchema.schema])
    }

    func write<T: Sendable>(
        as tenant: Tenant = .first, _ body: @escaping @Sendable (Inventory, UnitOfWork) throws -> T
    ) async throws -> T {
        let context = ChangeContext(tenant: tenant, actor: "test")
        return try await store.log.write(context) { [inventory] in try body(inventory, $0) }.value
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Inventory, any ReadTransaction) throws -> T) async throws -> T {
        try await store.log.read { try body(inventory, $0) }.value
    }

    func receive(_ quantity: Int64, _ sku: String, at location: String? = nil) async throws {
        _ = try await write { try $0.receive(StockMovement(sku: sku, quantity: quantity, location: location), in: $1) }
    }

    func reserve(_ request: ReservationRequest) async throws -> Reservation {
        try await write { try $0.reserve(request, in: $1) }
    }

    func makeLocation(_ code: String, priority: Int64) async throws {
        _ = try await write { try $0.locations.create(LocationDraft(code: code, priority: priority), in: $1) }
    }

    /// On hand, reserved and available units of a sku, at all locations.
    func level(_ sku: String) async throws -> [Int64] {
        let level = try await read { try $0.find(sku, of: .first, in: $1) }
        return [level.onHand, level.reserved, level.available]
    }

    /// The code of the failure that a closure throws, or nil when it throws none.
    func failure(_ body: () async throws -> some Sendable) async -> Failure? {
        do {
            _ = try await body()
            return nil
        } catch { return error as? Failure ?? Failure.internal("not a failure", cause: error) }
    }

    /// Looks at every balance: the ledger and the held reservations must add up to it, and it must not be negative.
    func expectBooksToBalance(_ comment: Comment? = nil) async throws {
        let wrong = try await store.database.read { transaction in
            try transaction.rows(
                """
                SELECT b.tenant, b.sku, b.location, b.on_hand, b.reserved,
                    (SELECT COALESCE(SUM(l.delta), 0) FROM stock_ledger l
                     WHERE l.tenant = b.tenant AND l.sku = b.sku AND l.location = b.location) AS ledger,
                    (SELECT COALESCE(SUM(r.quantity), 0) FROM reservations r
                     WHERE r.tenant = b.tenant AND r.sku = b.sku AND r.location = b.location
                        AND r.state = 'held') AS held
                FROM balances b
                """
            ) { row in
                let (onHand, reserved, ledger, held) = (row.int(3), row.int(4), row.int(5), row.int(6))
                let isRight = onHand == ledger && reserved == held && reserved >= 0 && reserved <= onHand
                return isRight ? nil : "\(row.text(1)) at \(row.text(2)): \(onHand) \(reserved) \(ledger) \(held)"
            }.compactMap { $0 }
        }
        #expect(wrong.isEmpty, comment)
    }
}
