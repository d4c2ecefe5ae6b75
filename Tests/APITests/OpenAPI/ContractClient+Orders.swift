import TestKit
import Testing

/// Orders and their lines.
extension ContractClient {
    private var lines: String { "orders/{id}/items" }

    /// Makes an order of three of one thing, and confirms it.
    private mutating func confirmedOrder() async throws -> Answer {
        let order = try await send(
            "POST", "orders", body: #"{"items": [{"sku": "TEA", "quantity": 3}], "reserve": true}"#, status: 201)
        return try await send(
            "PUT", "orders/{id}/status", order.id, body: #"{"status": "confirmed", "reason": "Paid by phone"}"#,
            version: order.version)
    }

    mutating func takeOrders() async throws {
        let customer = try #require(try await send("GET", "customers", query: "external_id=c-1").list("items").first)
        let address = #"{"name": "Ada", "line1": "1 Lane", "city": "Town", "postal_code": "Z1", "country": "GB"}"#
        let order = try await send(
            "POST", "orders",
            body: """
                {"customer_id": "\(customer.id)", "external_id": "o-1", "currency": "USD", "shipping_amount": "4.00",
                 "items": [{"sku": "MUG", "quantity": 1},
                  {"sku": "TEA", "quantity": 2, "unit_price": "10.00", "discount_amount": 1, "tax_rate": "0.1"}],
                 "shipping_address": \(address), "billing_address": \(address), "payment_method": "card",
                 "shipping_method": "post", "notes": "Ring twice", "total_amount": "32.90"}
                """, status: 201)
        #expect(order.text("total_amount") == "32.90")
        try await send(
            "POST", "orders", body: #"{"items": [{"sku": "TEA", "quantity": 999}]}"#, status: 409)
        try await send("POST", "orders", body: #"{"items": []}"#, status: 422)
        let bulk = try await send(
            "POST", "orders/bulk",
            body: """
                {"orders": [{"order_number": "OLD-1", "order_date": "2020-01-02T03:04:05Z", "status": "delivered",
                 "items": [{"sku": "GONE", "name": "Gone", "quantity": 1, "unit_price": "5"}]}]}
                """)
        #expect(bulk.text("created") == "1")
        try await send(
            "GET", "orders",
            query: "status=pending,confirmed&customer_id=\(customer.id)&from=2020-01-01T00:00:00Z&search=ORD"
                + "&to=2030-01-01T00:00:00Z&archived=false&include_items=true&sort_by=total_amount&sort_order=asc")
        let mine = try await send("GET", "customers/{id}/orders", customer.id, query: "limit=1&count=exact")
        #expect(mine.list("items").map(\.id) == [order.id])
        try await send("GET", "orders/by-number/{number}", "OLD-1")
        try await send("GET", "orders/{id}", order.id)
        try await send("GET", "orders/{id}", Self.unknown, status: 404)
        let patched = try await send(
            "PATCH", "orders/{id}", order.id, body: #"{"notes": null, "shipping_method": "van"}"#,
            version: order.version)
        try await send("PATCH", "orders/{id}", order.id, body: #"{"total_amount": 1}"#, version: "2", status: 422)
        try await send(
            "PUT", "orders/{id}", order.id, body: #"{"external_id": "o-1", "notes": "Again"}"#, version: patched.version
        )
    }

    mutating func changeLines() async throws {
        let order = try await send(
            "POST", "orders", body: #"{"items": [{"sku": "TEA", "quantity": 1}]}"#, status: 201)
        let more = try await send(
            "POST", lines, order.id, body: #"{"items": [{"sku": "MUG", "quantity": 2}]}"#, version: order.version)
        let listed = try await send("GET", lines, order.text("order_number"))
        let line = try #require(listed.list("items").last).id
        let changed = try await send(
            "PATCH", lines + "/{line}", order.id, line,
            body: #"{"quantity": 1, "unit_price": "7.00", "discount_amount": null, "tax_rate": "0"}"#,
            version: more.version)
        try await send("PATCH", lines + "/{line}", order.id, line, body: #"{"quantity": 1}"#, status: 428)
        let fewer = try await send("DELETE", lines + "/{line}", order.id, line, version: changed.version)
        #expect(fewer.list("items").count == 1)
        try await send("DELETE", lines + "/{line}", order.id, line, version: fewer.version, status: 404)
        try await send("DELETE", "orders/{id}", order.id, version: fewer.version, status: 204)
    }

    mutating func moveOrders() async throws {
        let order = try await confirmedOrder()
        let illegal = try await send(
            "PUT", "orders/{id}/status", order.id, body: #"{"status": "delivered"}"#, version: order.version,
            status: 409)
        #expect(illegal.text("code") == "illegal_transition")
        try await send(
            "PUT", "orders/{id}/status", order.id, body: #"{"status": "lost"}"#, version: order.version, status: 422)
        let archived = try await send("POST", "orders/{id}/archive", order.id)
        try await send("POST", "orders/{id}/unarchive", order.id, version: archived.version)
        try await send("POST", "orders/{id}/cancel", order.id, body: #"{"reason": "Changed mind"}"#)
        try await send("POST", "orders/{id}/cancel", order.id, status: 409)
    }

    mutating func fulfilOrders() async throws {
        let order = try await confirmedOrder()
        let line = try #require(order.list("items").first).id
        try await pay(order)
        let shipment = try await send(
            "POST", "orders/{id}/shipments", order.id,
            body: #"{"lines": [{"order_line_id": "\#(line)", "quantity": 1}], "carrier": "DHL", "service": "express"}"#,
            status: 201)
        let patched = try await send(
            "PATCH", "shipments/{id}", shipment.id,
            body: #"{"tracking_number": "JD 1/2", "tracking_url": "https://example.com/JD1"}"#,
            version: shipment.version)
        try await send("PATCH", "shipments/{id}", shipment.id, body: "{}", status: 428)
        try await send("POST", "shipments/{id}/ship", shipment.id, version: patched.version)
        try await send(
            "POST", "shipments/{id}/events", shipment.id,
            body: #"{"status": "in_transit", "location": "Leipzig", "occurred_at": "2026-01-01T00:00:00Z"}"#,
            status: 201)
        try await send("POST", "shipments/{id}/events", shipment.id, body: "{}", status: 422)
        try await send("POST", "shipments/{id}/deliver", shipment.id, body: #"{"message": "At the door"}"#)
        try await send("POST", "shipments/{id}/deliver", shipment.id, status: 409)
        try await send("GET", "shipments/{id}", shipment.id)
        try await send("GET", "shipments/track/{tracking_number}", "JD 1/2")
        let given = try await send("POST", "shipments", body: #"{"order_id": "\#(order.id)"}"#, status: 201)
        try await send("POST", "shipments/{id}/cancel", given.id, version: given.version)
        let rest = try await send("POST", "orders/{id}/shipments", order.id, status: 201)
        try await send("POST", "shipments/{id}/ship", rest.id, body: #"{"carrier": "UPS", "message": "Gone"}"#)
        try await send("GET", "shipments", query: "order_id=\(order.id)&status=delivered&carrier=DHL")
        let all = try await send("GET", "orders/{id}/shipments", order.id, query: "count=exact")
        #expect(all.text("total") == "3")
    }

    private mutating func pay(_ order: Answer) async throws {
        let paid = try await send(
            "POST", "orders/{id}/payments", order.id,
            body: #"{"amount": "10.00", "method": "card", "reference": "p-1", "note": "First"}"#, status: 201)
        try await send("POST", "orders/{id}/payments", order.id, status: 201)
        try await send("POST", "orders/{id}/payments", order.id, body: #"{"amount": "0.01"}"#, status: 409)
        try await send("POST", "orders/{id}/payments", order.id, body: #"{"amount": "0.001"}"#, status: 422)
        try await send(
            "POST", "orders/{id}/refunds", order.id, body: #"{"amount": 1.5, "reference": "r-1"}"#, status: 201)
        try await send("GET", "payments/{id}", paid.id)
        try await send("GET", "payments", query: "order_id=\(order.id)&kind=refund")
        let all = try await send("GET", "orders/{id}/payments", order.id, query: "limit=2")
        #expect(all.list("items").count == 2)
    }
}
