import Commerce
import Core
import HTTPTypes
import Storage
import TestKit
import Testing

@testable import API

/// Orders on their whole way through the routes: paid, shipped in parts, delivered, taken back and paid back.
@Suite struct FulfilmentRoutesTests {
    private func caller(_ engine: TestStore.Engine) async throws -> RouteCaller {
        let commerce = Commerce()
        let caller = try await RouteCaller(
            engine,
            Routes.productRoutes(commerce) + Routes.inventoryRoutes(commerce) + Routes.orderRoutes(commerce)
                + Routes.paymentRoutes(commerce) + Routes.shipmentRoutes(commerce) + Routes.returnRoutes(commerce))
        _ = try await caller.call(
            .post, "/api/v1/products",
            body: #"{"sku":"chai","name":"Chai","price":"3.33","currency":"USD","tax_rate":"0.0875"}"#)
        _ = try await caller.call(.post, "/api/v1/inventory/receive", body: #"{"sku":"chai","quantity":10}"#)
        return caller
    }

    /// A confirmed order of three units, and the identifiers of it and of its line.
    private func confirmedOrder(_ api: RouteCaller) async throws -> (order: String, line: String) {
        let made = try await api.call(
            .post, "/api/v1/orders", body: #"{"items":[{"sku":"chai","quantity":3}]}"#)
        let order = made.json.text("id")
        _ = try await api.call(
            .put, "/api/v1/orders/{id}/status", ["id": order], body: #"{"status":"confirmed"}"#, ifMatch: "\"1\"")
        return (order, try #require(made.json.objects("items").first).text("id"))
    }

    private func stock(_ api: RouteCaller) async throws -> [String] {
        let level = try await api.call(.get, "/api/v1/inventory/{sku}", ["sku": "chai"])
        return ["on_hand", "reserved", "available"].map(level.json.text)
    }

    private func states(_ api: RouteCaller, _ order: String) async throws -> [String] {
        let found = try await api.call(.get, "/api/v1/orders/{id}", ["id": order])
        return ["status", "payment_status", "fulfillment_status"].map(found.json.text)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOrderGoesOutInPartsComesBackAndIsPaidBack(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let (order, line) = try await confirmedOrder(api)
        #expect(try await stock(api) == ["10", "3", "7"])
        _ = try await api.call(
            .post, "/api/v1/orders/{id}/payments", ["id": order], body: #"{"amount":"10.86","method":"card"}"#)
        #expect(try await states(api, order) == ["confirmed", "paid", "unfulfilled"])

        let first = try await api.call(
            .post, "/api/v1/orders/{id}/shipments", ["id": order],
            body: #"{"lines":[{"order_line_id":"\#(line)","quantity":2}],"carrier":"DHL"}"#)
        let firstID = first.json.text("id")
        #expect(first.status == 201)
        #expect(first.headers[.location] == "/api/v1/shipments/\(firstID)")
        #expect(first.headers[.eTag] == "\"1\"")
        let shipped = try await api.call(
            .post, "/api/v1/shipments/{id}/ship", ["id": firstID], body: #"{"tracking_number":"JD 1/2"}"#,
            ifMatch: "\"1\"")
        #expect(shipped.status == 200)
        #expect(shipped.headers[.eTag] == "\"2\"")
        #expect(["status", "carrier", "tracking_number"].map(shipped.json.text) == ["shipped", "DHL", "JD 1/2"])
        #expect(try await states(api, order) == ["processing", "paid", "partially_shipped"])
        #expect(try await stock(api) == ["8", "1", "7"])

        let rest = try await api.call(.post, "/api/v1/shipments", body: #"{"order_id":"\#(order)"}"#)
        #expect(rest.json.objects("lines").map { $0.text("quantity") } == ["1"])
        let restID = rest.json.text("id")
        _ = try await api.call(.post, "/api/v1/shipments/{id}/ship", ["id": restID])
        #expect(try await states(api, order) == ["shipped", "paid", "shipped"])
        #expect(try await stock(api) == ["7", "0", "7"])

        let event = try await api.call(
            .post, "/api/v1/shipments/{id}/events", ["id": firstID],
            body: #"{"status":"in_transit","location":"Leipzig","message":"Departed"}"#)
        #expect(event.status == 201)
        #expect(event.json.objects("events").map { $0.text("status") } == ["pending", "shipped", "in_transit"])
        for id in [firstID, restID] { _ = try await api.call(.post, "/api/v1/shipments/{id}/deliver", ["id": id]) }
        #expect(try await states(api, order) == ["delivered", "paid", "delivered"])

        let asked = try await api.call(
            .post, "/api/v1/orders/{id}/returns", ["id": order],
            body: #"{"reason":"Too sweet","lines":[{"order_line_id":"\#(line)","quantity":3}]}"#)
        #expect(asked.status == 201)
        let id = asked.json.text("id")
        #expect(asked.headers[.location] == "/api/v1/returns/\(id)")
        #expect(asked.json.text("refund_amount") == "10.86")
        _ = try await api.call(.post, "/api/v1/returns/{id}/approve", ["id": id], ifMatch: "\"1\"")
        _ = try await api.call(
            .post, "/api/v1/returns/{id}/receive", ["id": id],
            body: #"{"lines":[{"order_line_id":"\#(line)","quantity":3,"condition":"unopened"}]}"#)
        _ = try await api.call(.post, "/api/v1/returns/{id}/restock", ["id": id], body: #"{"location":"MAIN"}"#)
        #expect(try await stock(api) == ["10", "0", "10"])
        let refunded = try await api.call(.post, "/api/v1/returns/{id}/refund", ["id": id])
        #expect(refunded.json.text("status") == "refunded")
        #expect(refunded.headers[.eTag] == "\"5\"")
        #expect(try await states(api, order) == ["refunded", "refunded", "returned"])
        let ledger = try await api.call(.get, "/api/v1/inventory/{sku}/ledger", ["sku": "chai"])
        #expect(ledger.json.objects("items").map { $0.text("delta") } == ["3", "-1", "-2", "10"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func shipmentsAreFoundListedAndPatched(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let (order, line) = try await confirmedOrder(api)
        let made = try await api.call(
            .post, "/api/v1/shipments",
            body: #"{"order_id":"\#(order)","lines":[{"order_line_id":"\#(line)","quantity":1}]}"#)
        let id = made.json.text("id")
        let patch = #"{"carrier":"UPS","tracking_number":"1Z"}"#
        #expect(
            await api.failure(.patch, "/api/v1/shipments/{id}", ["id": id], body: patch) == "precondition_required")
        let patched = try await api.call(
            .patch, "/api/v1/shipments/{id}", ["id": id], body: patch, ifMatch: "\"1\"")
        #expect(patched.headers[.eTag] == "\"2\"")
        #expect(
            await api.failure(.patch, "/api/v1/shipments/{id}", ["id": id], body: patch, ifMatch: "\"1\"")
                == "version_mismatch")
        let tracked = try await api.call(
            .get, "/api/v1/shipments/track/{tracking_number}", ["tracking_number": "1Z"])
        #expect(tracked.json == patched.json)
        for query in ["order_id=\(order)", "status=pending", "carrier=UPS", ""] {
            let list = try await api.call(.get, "/api/v1/shipments", query: query)
            #expect(list.json.objects("items").map { $0.text("id") } == [id])
        }
        #expect(try await api.call(.get, "/api/v1/shipments", query: "carrier=DHL").json.objects("items").isEmpty)
        #expect(await api.failure(.get, "/api/v1/shipments", query: "status=lost") == "invalid_query")
        let ofOrder = try await api.call(.get, "/api/v1/orders/{id}/shipments", ["id": order])
        #expect(ofOrder.json.objects("items").count == 1)
        #expect(await api.failure(.get, "/api/v1/orders/{id}/shipments", ["id": id]) == "not_found")
        let deliver = await api.failure(.post, "/api/v1/shipments/{id}/deliver", ["id": id])
        #expect(deliver == "illegal_transition")
        let cancelled = try await api.call(.post, "/api/v1/shipments/{id}/cancel", ["id": id])
        #expect(cancelled.json.text("status") == "cancelled")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func badBodiesAreRefusedWithTheirPlaces(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let (order, line) = try await confirmedOrder(api)
        let bodies = [
            #"{"lines":[]}"#: ["/lines"],
            #"{"lines":[{"order_line_id":"\#(line)","quantity":0}]}"#: ["/lines/0/quantity"],
            #"{"lines":[{"order_line_id":"x","quantity":1,"colour":"red"}]}"#: [
                "/lines/0/order_line_id", "/lines/0/colour",
            ],
            #"{"tracking_url":"javascript:alert(1)"}"#: ["/tracking_url"],
            """
            {"lines":[{"order_line_id":"\(line)","quantity":1},{"order_line_id":"\(line)","quantity":1}]}
            """: ["/lines"],
        ]
        for (body, places) in bodies {
            let failure = await #expect(throws: Failure.self) {
                try await api.call(.post, "/api/v1/orders/{id}/shipments", ["id": order], body: body)
            }
            #expect(failure?.errors.map(\.pointer) == places)
        }
        let returns = await #expect(throws: Failure.self) {
            try await api.call(.post, "/api/v1/returns", body: #"{"lines":[{"quantity":1}]}"#)
        }
        #expect(returns?.errors.map(\.pointer) == ["/order_id", "/lines/0/order_line_id"])
        let extra = await #expect(throws: Failure.self) {
            try await api.call(.post, "/api/v1/returns/{id}/approve", ["id": order], body: #"{"why":1}"#)
        }
        #expect(extra?.errors.map(\.pointer) == ["/why"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func returnsAreListedPatchedAndEndEarly(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let (order, line) = try await confirmedOrder(api)
        let shipment = try await api.call(.post, "/api/v1/orders/{id}/shipments", ["id": order])
        _ = try await api.call(.post, "/api/v1/shipments/{id}/ship", ["id": shipment.json.text("id")])
        var made: [String] = []
        for _ in 0..<2 {
            let asked = try await api.call(
                .post, "/api/v1/returns",
                body: #"{"order_id":"\#(order)","lines":[{"order_line_id":"\#(line)","quantity":1,"refund_amount":1}]}"#
            )
            #expect(asked.json.text("refund_amount") == "1.00")
            made.append(asked.json.text("id"))
        }
        let rejected = try await api.call(.post, "/api/v1/returns/{id}/reject", ["id": made[0]])
        #expect(rejected.json.text("status") == "rejected")
        #expect(await api.failure(.post, "/api/v1/returns/{id}/cancel", ["id": made[0]]) == "illegal_transition")
        let patched = try await api.call(
            .patch, "/api/v1/returns/{id}", ["id": made[1]], body: #"{"notes":"Fragile"}"#, ifMatch: "\"1\"")
        #expect(patched.json.text("notes") == "Fragile")
        let found = try await api.call(.get, "/api/v1/returns/{id}", ["id": made[1]])
        #expect(found.json == patched.json)
        let open = try await api.call(.get, "/api/v1/returns", query: "status=requested&order_id=\(order)")
        #expect(open.json.objects("items").map { $0.text("id") } == [made[1]])
        let all = try await api.call(.get, "/api/v1/orders/{id}/returns", ["id": order], query: "count=exact")
        #expect(all.json.objects("items").map { $0.text("id") } == made.reversed())
        #expect(all.json.text("total") == "2")
    }
}
