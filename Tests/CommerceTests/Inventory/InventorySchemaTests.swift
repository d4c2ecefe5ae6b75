import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// The tables themselves refuse what must never be, whatever a statement says.
@Suite struct InventorySchemaTests {
    @Test(arguments: TestStore.Engine.allCases)
    func theTablesRefuseImpossibleStock(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        _ = try await room.reserve(ReservationRequest(sku: "chai", quantity: 4, reference: "cart-7"))
        let statements: [SQL] = [
            "UPDATE balances SET on_hand = -1, reserved = -1",
            "UPDATE balances SET on_hand = 3",
            "UPDATE balances SET reserved = 11",
            "UPDATE balances SET reserved = -1",
            "UPDATE balances SET on_hand = 1000000000001",
            "UPDATE balances SET reorder_point = -1",
            "UPDATE reservations SET quantity = 0",
            "UPDATE reservations SET state = 'lost'",
            "UPDATE stock_ledger SET kind = 'theft'",
            "UPDATE stock_ledger SET on_hand_after = -1",
            "UPDATE locations SET is_active = 2",
        ]
        for statement in statements {
            #expect(await kind(statement, in: room) == .check, "\(statement.text)")
        }
        let other = Identifier(high: 9, low: 9)
        let duplicates: [SQL] = [
            """
            INSERT INTO reservations (tenant, id, sku, location, quantity, state, reference, version, created_at,
                updated_at) VALUES (1, \(other), 'chai', 'MAIN', 1, 'held', 'cart-7', 1, 0, 0)
            """,
            """
            INSERT INTO locations (tenant, id, code, name, priority, is_active, version, created_at, updated_at)
            VALUES (1, \(other), 'MAIN', 'Main', 1, 1, 1, 0, 0)
            """,
        ]
        for statement in duplicates {
            #expect(await kind(statement, in: room) == .unique, "\(statement.text)")
        }
        #expect(try await room.level("chai") == [10, 4, 6])
    }

    private func kind(_ statement: SQL, in room: StockRoom) async -> ConstraintViolation.Kind? {
        do {
            _ = try await room.store.database.write { try $0.execute(statement) }
            return nil
        } catch { return (error as? ConstraintViolation)?.kind }
    }
}
