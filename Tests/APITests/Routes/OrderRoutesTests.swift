import Commerce
import Core
import HTTPTypes
import Storage
import TestKit
import Testing

@testable import API

/// The routes of orders and payments.
@Suite struct OrderRoutesTests {
    private static let orders = "/api/v1/orders"
    private static let order = "/api/v1/orders/{id}"
    private static let line = "/api/v1/orders/{id}/items/{line}"

    /// Routes over a shop with ten units of TEST-001 at 29.99 without tax, and its product and a customer.
    private func shop(
        _ engine: TestStore.Engine
    ) async throws -> (api: RouteCaller, product: String, customer: String) {
        let commerce = Commerce()
        let api = try await RouteCaller(
            engine,
            Routes.orderRoutes(commerce) + Routes.paymentRoutes(commerce) + Routes.productRoutes(commerce)
                + Routes.customerRoutes(commerce) + Routes.inventoryRoutes(commerce))
        let product = try await api.call(
            .post, "/api/v1/products", body: #"{"sku":"TEST-001","name":"Test","price":"29.99"}"#)
        let customer = try await api.call(.post, "/api/v1/customers", body: #"{"name":"Maria"}"#)
        _ = try await api.call(
            .post, "/api/v1/inventory/receive", body: #"{"sku":"TEST-001","quantity":10}"#)
        return (api, product.json.text("id"), customer.json.text("id"))
    }

    private func make(_ api: RouteCaller, quantity: Int = 1) async throws -> JSONObject {
        try await api.call(.post, Self.orders, body: #"{"items":[{"sku":"TEST-001","quantity":\#(quantity)}]}"#).json
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theOrderOfTheGuidesLoadTestIsTaken(_ engine: TestStore.Engine) async throws {
        let (api, product, customer) = try await shop(engine)
        let made = try await api.call(
            .post, Self.orders,
            body: #"{"customer_id":"\#(customer)","items":[{"product_id":"\#(product)","sku":"TEST-001","#
                + #""quantity":2,"unit_price":29.99}],"total_amount":59.98}"#)
        #expect(made.status == 201 && made.headers[.eTag] == "\"1\"")
        #expect(made.headers[.location] == "\(Self.orders)/\(made.json.text("id"))")
        #expect(made.json.text("total_amount") == "59.98" && made.json.text("status") == "pending")
        let id = ["id": made.json.text("id")]
        #expect(try await api.call(.get, Self.order, id).json == made.json)
        let number = ["number": made.json.text("order_number")]
        #expect(try await api.call(.get, "\(Self.orders)/by-number/{number}", number).json == made.json)
        for name in [made.json.text("id"), made.json.text("order_number")] {
            let items = try await api.call(.get, "\(Self.order)/items", ["id": name]).json
            #expect(items.objects("items") == made.json.objects("items"))
        }
        let own = try await api.call(.get, "/api/v1/customers/{id}/orders", ["id": customer]).json
        #expect(own.objects("items").map { $0.text("id") } == [made.json.text("id")])
        #expect(
            await api.failure(.delete, "/api/v1/customers/{id}", ["id": customer], ifMatch: "\"1\"")
                == "customer_has_orders")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func changesNeedTheVersionThatWasRead(_ engine: TestStore.Engine) async throws {
        let (api, _, _) = try await shop(engine)
        let made = try await make(api)
        let id = ["id": made.text("id")]
        let line = ["id": made.text("id"), "line": made.objects("items")[0].text("id")]
        let calls: [(HTTPRequest.Method, String, [String: String], String?)] = [
            (.patch, Self.order, id, #"{"notes":"x"}"#), (.put, Self.order, id, #"{"notes":"x"}"#),
            (.put, "\(Self.order)/status", id, #"{"status":"confirmed"}"#),
            (.patch, Self.line, line, #"{"quantity":2}"#), (.delete, Self.line, line, nil),
            (.delete, Self.order, id, nil),
        ]
        for (method, path, parameters, body) in calls {
            #expect(await api.failure(method, path, parameters, body: body) == "precondition_required")
            let stale = await api.failure(method, path, parameters, body: body, ifMatch: "\"7\"")
            #expect(stale == "version_mismatch", "\(method) \(path)")
        }
        let patched = try await api.call(.patch, Self.order, id, body: #"{"notes":"x"}"#, ifMatch: "\"1\"")
        #expect(patched.headers[.eTag] == "\"2\"" && patched.json.text("notes") == "x")
        let more = try await api.call(.patch, Self.line, line, body: #"{"quantity":3}"#, ifMatch: "\"2\"")
        #expect(more.json.text("total_amount") == "89.97")
        let added = try await api.call(
            .post, "\(Self.order)/items", id, body: #"{"items":[{"sku":"TEST-001","quantity":1}]}"#)
        #expect(added.json.objects("items").count == 2 && added.json.text("version") == "4")
        let removed = try await api.call(.delete, Self.line, line, ifMatch: "\"4\"")
        #expect(removed.json.text("total_amount") == "29.99")
        #expect(try await api.call(.delete, Self.order, id, ifMatch: "\"5\"").status == 204)
        #expect(try await api.call(.get, Self.orders).json.objects("items").isEmpty)
        #expect(try await api.call(.get, Self.orders, query: "archived=true").json.objects("items").count == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOrderGoesItsWay(_ engine: TestStore.Engine) async throws {
        let (api, _, _) = try await shop(engine)
        let made = try await make(api, quantity: 4)
        let id = ["id": made.text("id")]
        func move(_ status: String, _ version: Int) async -> String {
            await api.failure(
                .put, "\(Self.order)/status", id, body: #"{"status":"\#(status)"}"#, ifMatch: "\"\(version)\"")
        }
        #expect(await move("delivered", 1) == "illegal_transition")
        #expect(await move("lost", 1) == "invalid_request")
        #expect(await move("processing", 1) == "ok")
        #expect(await move("shipped", 2) == "ok")
        #expect(await api.failure(.post, "\(Self.order)/cancel", id) == "illegal_transition")
        #expect(await move("delivered", 3) == "ok")
        let stock = try await api.call(.get, "/api/v1/inventory/{sku}", ["sku": "TEST-001"]).json
        #expect(stock.text("on_hand") == "6" && stock.text("reserved") == "0")
        let other = try await make(api, quantity: 6)
        let cancelled = try await api.call(
            .post, "\(Self.order)/cancel", ["id": other.text("id")], body: #"{"reason":"too late"}"#)
        #expect(cancelled.json.text("status") == "cancelled" && cancelled.json.text("status_reason") == "too late")
        for (action, flag) in [("archive", true), ("unarchive", false)] {
            let answer = try await api.call(.post, "\(Self.order)/\(action)", ["id": other.text("id")])
            #expect(answer.json["is_archived"] == .bool(flag))
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func pricesAreForThoseWhoMaySetThem(_ engine: TestStore.Engine) async throws {
        let (api, _, _) = try await shop(engine)
        let body = #"{"items":[{"sku":"TEST-001","quantity":1,"unit_price":"5.00"}]}"#
        #expect(await api.failure(.post, Self.orders, body: body) == "price_mismatch")
        for (scope, isAllowed) in [("orders:price", true), ("orders:*", true), ("orders:write", false)] {
            let credential = Credential(
                id: Identifier(high: 1, low: 1), name: "test", tenant: .first, scopes: try #require(Scopes([scope])),
                expiresAt: nil)
            do {
                let made = try await api.call(.post, Self.orders, body: body, credential: credential)
                #expect(isAllowed && made.json.text("total_amount") == "5.00")
            } catch let failure as Failure {
                #expect(!isAllowed && failure.code == "price_mismatch")
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func listsAreReadByTheirQuery(_ engine: TestStore.Engine) async throws {
        let (api, _, _) = try await shop(engine)
        var made: [String] = []
        for quantity in 1...3 { made.append(try await make(api, quantity: quantity).text("id")) }
        func ids(_ query: String) async throws -> [String] {
            try await api.call(.get, Self.orders, query: query).json.objects("items").map { $0.text("id") }
        }
        #expect(try await ids("page=1&limit=20") == made.reversed())
        #expect(try await ids("sort_by=total_amount&sort_order=asc&limit=2") == Array(made.prefix(2)))
        #expect(try await ids("status=pending,cancelled&count=exact") == made.reversed())
        #expect(try await ids("status=shipped") == [])
        #expect(try await ids("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00.000001Z&limit=1") == [made[2]])
        let first = try await api.call(.get, Self.orders, query: "limit=2&include_items=true&status=pending").json
        #expect(first.objects("items").map { $0.objects("items").count } == [1, 1])
        #expect(first.objects("items")[0]["shipping_address"] == .null)
        let rest = try await ids(
            "limit=2&include_items=true&status=pending&cursor=\(first.text("next_cursor"))")
        #expect(rest == [made[0]])
        for query in [
            "status=lost", "sort_by=colour", "sort_order=up", "from=yesterday", "archived=maybe", "limit=101",
            "colour=red", "customer_id=7",
        ] {
            #expect(await api.failure(.get, Self.orders, query: query) == "invalid_query", "\(query)")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func paymentsAreRecordedAndRead(_ engine: TestStore.Engine) async throws {
        let (api, _, _) = try await shop(engine)
        let id = ["id": try await make(api, quantity: 2).text("id")]
        let paid = try await api.call(
            .post, "\(Self.order)/payments", id, body: #"{"amount":"50.00","method":"card","reference":"tx"}"#)
        #expect(paid.status == 201 && paid.headers[.location] == "/api/v1/payments/\(paid.json.text("id"))")
        let found = try await api.call(.get, "/api/v1/payments/{id}", ["id": paid.json.text("id")])
        #expect(found.json == paid.json && paid.json.text("amount") == "50.00")
        let rest = try await api.call(.post, "\(Self.order)/payments", id)
        #expect(rest.json.text("amount") == "9.98")
        #expect(await api.failure(.post, "\(Self.order)/payments", id, body: #"{"amount":1}"#) == "exceeds_total")
        #expect(await api.failure(.post, "\(Self.order)/refunds", id, body: #"{"amount":"60"}"#) == "exceeds_paid")
        let stale = await api.failure(
            .post, "\(Self.order)/refunds", id, body: #"{"amount":"1"}"#, ifMatch: "\"1\"")
        #expect(stale == "version_mismatch")
        _ = try await api.call(.post, "\(Self.order)/refunds", id, body: #"{"amount":"1"}"#, ifMatch: "\"3\"")
        #expect(try await api.call(.get, Self.order, id).json.text("payment_status") == "partially_refunded")
        let ledger = try await api.call(.get, "\(Self.order)/payments", id).json.objects("items")
        #expect(ledger.map { $0.text("kind") } == ["refund", "payment", "payment"])
        let refunds = try await api.call(.get, "/api/v1/payments", query: "kind=refund&count=exact").json
        #expect(refunds.text("total") == "1")
        let nobody = ["id": "0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11"]
        #expect(await api.failure(.get, "\(Self.order)/payments", nobody) == "not_found")
        #expect(await api.failure(.get, Self.order, ["id": "7"]) == "not_found")
    }
}
