import API
import Commerce
import Core
import Foundation
import TestKit
import Testing

/// The way of an order through a running server, with every answer's fields looked at.
@Suite struct FulfilmentFlowTests {
    @Test(arguments: TestStore.Engine.allCases)
    func anOrderIsPaidShippedInPartsDeliveredTakenBackAndPaidBack(_ engine: TestStore.Engine) async throws {
        try await LiveServer.run(engine, routes: Self.routes) { server in
            var client = FlowClient(server)
            let (order, line) = try await client.paidOrder()
            try await client.expectStates(order, "confirmed", "paid", "unfulfilled", stock: "10", "3", "7")

            let first = try await client.post(
                "/api/v1/orders/\(order)/shipments", #"{"lines":[{"order_line_id":"\#(line)","quantity":2}]}"#,
                creates: "/api/v1/shipments/")
            try await client.post(
                "/api/v1/shipments/\(first)/ship", #"{"carrier":"DHL","tracking_number":"JD 1/ü"}"#, version: 2)
            try await client.expectStates(order, "processing", "paid", "partially_shipped", stock: "8", "1", "7")
            let tracked = try await client.get("/api/v1/shipments/track/JD%201%2F%C3%BC")
            #expect(tracked.text("id") == first)

            let rest = try await client.post(
                "/api/v1/shipments", #"{"order_id":"\#(order)"}"#, creates: "/api/v1/shipments/")
            try await client.post("/api/v1/shipments/\(rest)/ship", nil, version: 2)
            try await client.expectStates(order, "shipped", "paid", "shipped", stock: "7", "0", "7")
            for id in [first, rest] { try await client.post("/api/v1/shipments/\(id)/deliver", nil, version: 3) }
            try await client.expectStates(order, "delivered", "paid", "delivered", stock: "7", "0", "7")

            let asked = try await client.post(
                "/api/v1/returns", #"{"order_id":"\#(order)","lines":[{"order_line_id":"\#(line)","quantity":3}]}"#,
                creates: "/api/v1/returns/")
            for (step, version) in [("approve", 2), ("receive", 3), ("restock", 4)] {
                try await client.post("/api/v1/returns/\(asked)/\(step)", nil, version: version)
            }
            try await client.expectStates(order, "delivered", "paid", "returned", stock: "10", "0", "10")
            try await client.post("/api/v1/returns/\(asked)/refund", nil, version: 5)
            try await client.expectStates(order, "refunded", "refunded", "returned", stock: "10", "0", "10")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aRepeatedShipTakesTheStockOnceAndAnIllegalOneIsRefused(_ engine: TestStore.Engine) async throws {
        try await LiveServer.run(engine, routes: Self.routes) { server in
            var client = FlowClient(server)
            let (order, _) = try await client.paidOrder()
            let shipment = try await client.post(
                "/api/v1/orders/\(order)/shipments", nil, creates: "/api/v1/shipments/")
            let path = "/api/v1/shipments/\(shipment)/ship"
            let key = ["Idempotency-Key": "ship-\(shipment)"]
            let once = try await server.send("POST", path, headers: key)
            let again = try await server.send("POST", path, headers: key)
            #expect(once.status == 200)
            #expect(again.body == once.body)
            #expect(once.headers["idempotency-replayed"] == nil)
            #expect(again.headers["idempotency-replayed"] == "true")
            try await client.expectStates(order, "shipped", "paid", "shipped", stock: "7", "0", "7")

            let refused = try await server.send("POST", path)
            #expect(refused.status == 409)
            #expect(refused.headers["content-type"] == "application/problem+json")
            let problem = try refused.json()
            #expect(problem.text("code") == "illegal_transition")
            #expect(
                problem["allowed"] == .array([.string("in_transit"), .string("delivered"), .string("failed")]))
            let stale = try await server.send(
                "PATCH", "/api/v1/shipments/\(shipment)", #"{"carrier":"UPS"}"#, headers: ["If-Match": "\"1\""])
            #expect(stale.status == 412)
            let missing = try await server.send("PATCH", "/api/v1/shipments/\(shipment)", #"{"carrier":"UPS"}"#)
            #expect(missing.status == 428)
        }
    }

    private static var routes: [Route] {
        let commerce = Commerce()
        return Routes.productRoutes(commerce) + Routes.inventoryRoutes(commerce) + Routes.orderRoutes(commerce)
            + Routes.paymentRoutes(commerce) + Routes.shipmentRoutes(commerce) + Routes.returnRoutes(commerce)
    }
}

/// A client that looks at the fields that every answer must have.
private struct FlowClient {
    let server: LiveServer
    private var position = 0
    private var requests = 0

    init(_ server: LiveServer) { self.server = server }

    /// Makes a product with ten units, and a confirmed and paid order of three of them.
    mutating func paidOrder() async throws -> (order: String, line: String) {
        _ = try await exchange(
            "POST", "/api/v1/products",
            #"{"sku":"chai","name":"Chai","price":"3.33","currency":"USD","tax_rate":"0.0875"}"#)
        _ = try await exchange("POST", "/api/v1/inventory/receive", #"{"sku":"chai","quantity":10}"#)
        let order = try await post(
            "/api/v1/orders", #"{"items":[{"sku":"chai","quantity":3}]}"#, creates: "/api/v1/orders/")
        let confirmed = try await exchange(
            "PUT", "/api/v1/orders/\(order)/status", #"{"status":"confirmed"}"#, ["If-Match": "\"1\""])
        #expect(confirmed.headers["etag"] == "\"2\"")
        try await post("/api/v1/orders/\(order)/payments", #"{"amount":"10.86"}"#, creates: "/api/v1/payments/")
        let line = try #require(try confirmed.json().objects("items").first).text("id")
        return (order, line)
    }

    /// Makes something, looks at the address that it gets, and returns its identifier.
    @discardableResult
    mutating func post(_ path: String, _ body: String?, creates prefix: String) async throws -> String {
        let before = position
        let answer = try await exchange("POST", path, body)
        let id = try answer.json().text("id")
        #expect(answer.status == 201)
        #expect(answer.headers["location"] == prefix + id)
        #expect(position > before)
        return id
    }

    /// Moves something and looks at the version that it has then.
    mutating func post(_ path: String, _ body: String?, version: Int) async throws {
        let before = position
        let answer = try await exchange("POST", path, body, ["If-Match": "\"\(version - 1)\""])
        #expect(answer.status == 200)
        #expect(answer.headers["etag"] == "\"\(version)\"")
        #expect(try answer.json().text("version") == String(version))
        #expect(position > before)
    }

    /// Reads something that must be there.
    mutating func get(_ path: String) async throws -> JSONObject {
        let answer = try await exchange("GET", path)
        #expect(answer.status == 200)
        return try answer.json()
    }

    /// Looks at the three states of an order, and at what is on hand, reserved and available.
    mutating func expectStates(
        _ order: String, _ states: String..., stock: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await get("/api/v1/orders/\(order)")
        #expect(
            ["status", "payment_status", "fulfillment_status"].map(found.text) == states,
            sourceLocation: sourceLocation)
        // The second of two answers comes from the cache, and one without a position is made on the event loop.
        let cached = try await server.send("GET", "/api/v1/orders/\(order)")
        #expect(try cached.json() == found, sourceLocation: sourceLocation)
        let level = try await get("/api/v1/inventory/chai")
        #expect(["on_hand", "reserved", "available"].map(level.text) == stock, sourceLocation: sourceLocation)
    }

    /// Sends a request under a name of its own and looks at the fields that every answer has.
    private mutating func exchange(
        _ method: String, _ path: String, _ body: String? = nil, _ headers: [String: String] = [:]
    ) async throws -> LiveServer.Answer {
        requests += 1
        var sent = headers
        sent["X-Request-Id"] = "flow-\(requests)"
        sent["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        sent["Millrace-Position"] = String(position)
        let answer = try await server.send(method, path, body, headers: sent)
        #expect(answer.status < 300, "\(method) \(path): \(String(decoding: answer.body, as: UTF8.self))")
        #expect(answer.headers["x-request-id"] == "flow-\(requests)")
        #expect(answer.headers["traceparent"]?.contains("4bf92f3577b34da6a3ce929d0e0e4736") == true)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(answer.headers["date"] != nil)
        let now = try #require(answer.headers["millrace-position"].flatMap { Int($0) })
        #expect(now >= position)
        position = now
        return answer
    }
}
