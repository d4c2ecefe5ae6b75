import ChangeLog
import Commerce
import Core
import TestKit
import Testing

@Suite struct BulkTests {
    private func read<Row>(
        _ json: String, _ name: String, _ body: @escaping (inout JSONFields) throws -> Row
    ) throws -> Bulk<Row> {
        try JSONFields.read(JSONParser.parse(Array(json.utf8))) { fields in
            try Bulk(&fields, rows: name, count: 1...10, body)
        }
    }

    private func customers(_ json: String) throws -> Bulk<CustomerPatch> {
        try read(json, "customers") { CustomerPatch(&$0) }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func customersAreKnownByExternalIDOrMail(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: Commerce.schemas)
        let service = Commerce().customers
        func upsert(_ json: String) async throws -> [String] {
            let bulk = try customers(json)
            return try await store.log.write(TestStore.context) { try service.upsert(bulk, in: $0) }
                .value.outcomes.map(\.name)
        }
        let first = """
            {"mode": "per_row", "customers": [
                {"external_id": "A", "name": "Ann", "email": "ann@example.com",
                 "addresses": [{"line1": "1 Way", "city": "Town", "country": "DE"}]},
                {"name": "Bob", "email": "bob@example.com"}, {"email": "nobody@example.com"},
                {"external_id": "A", "email": "bob@example.com"}]}
            """
        #expect(try await upsert(first) == ["created", "created", "rejected", "rejected"])
        #expect(try await upsert(first) == ["unchanged", "unchanged", "rejected", "rejected"])
        let second = """
            {"customers": [{"email": "BOB@example.com", "external_id": "B"}, {"external_id": "A", "name": "Anna"}]}
            """
        #expect(try await upsert(second) == ["updated", "updated"])
        let bob = try await store.log.read { try service.find(externalID: "B", of: .first, in: $0) }.value
        #expect(bob.name == "Bob")
    }

    @Test func inModeAtomicOneBadRowLeavesNothing() async throws {
        let store = try await TestStore(schemas: Commerce.schemas)
        let service = Commerce().customers
        let bulk = try customers(#"{"customers": [{"name": "Ann"}, {"phone": "1"}, {"name": 5}]}"#)
        await #expect {
            try await store.log.write(TestStore.context) { try service.upsert(bulk, in: $0) }
        } throws: { error in
            let failure = error as? Failure
            return failure?.code == "bulk_rejected"
                && failure?.errors.map(\.pointer) == ["/customers/1/name", "/customers/2/name"]
        }
        #expect(store.log.head == .start)
    }

    @Test func countsSetStockAndReorderPoint() async throws {
        let store = try await TestStore(schemas: Commerce.schemas)
        let inventory = Commerce().inventory
        let json = """
            {"mode": "per_row", "counts": [{"sku": "A", "quantity": 7, "reorder_point": 3},
                {"sku": "B", "quantity": 0}, {"sku": "C", "quantity": 1, "location": "NOWHERE"}, {"sku": "D"}]}
            """
        let bulk = try read(json, "counts") { StockCount(&$0) }
        let result = try await store.log.write(TestStore.context) { try inventory.count(bulk, in: $0) }.value
        #expect(result.outcomes.map(\.name) == ["updated", "updated", "rejected", "rejected"])
        let level = try await store.log.read { try inventory.find("A", of: .first, in: $0) }.value
        #expect(level.onHand == 7)
        #expect(level.balances.map(\.reorderPoint) == [3])
    }

    @Test func ordersAreTakenOverOnceAndSetNothingAside() async throws {
        let store = try await TestStore(schemas: Commerce.schemas)
        let orders = Commerce().orders
        let json = """
            {"mode": "per_row", "orders": [
                {"order_number": "N1", "status": "delivered", "order_date": "2001-02-03",
                 "items": [{"sku": "OLD", "quantity": 2, "unit_price": "1.50"}]},
                {"external_id": "X", "items": [{"sku": "OLD", "quantity": 1, "unit_price": 1}]},
                {"external_id": "Y", "reserve": false, "items": [{"sku": "OLD", "quantity": 1, "unit_price": 1}]},
                {"order_number": "N1", "status": "pending", "items": [{"sku": "OLD", "quantity": 9, "unit_price": 1}]}]}
            """
        let bulk = try read(json, "orders") { OrderDraft(&$0, .init(importsHistory: true)) }
        let outcomes = try await store.log.write(TestStore.context) { try orders.takeOver(bulk, in: $0) }
            .value.outcomes.map(\.name)
        #expect(outcomes == ["created", "rejected", "created", "unchanged"])
        let order = try await store.log.read { try orders.find(number: "N1", of: .first, in: $0) }.value
        #expect(order.amounts.total.description == "3.00")
        #expect(order.status == .delivered)
    }
}
