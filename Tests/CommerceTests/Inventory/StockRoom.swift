import ChangeLog
import Commerce
import Core
import Storage
import TestKit

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

    func read<T: Sendable>(_ body: @Sendable (Inventory, any ReadTransaction) throws -> T) async throws -> T {
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
}
