import TestKit
import Testing

/// Locations, stock and reservations.
extension ContractClient {
    mutating func keepLocations() async throws {
        let made = try await send(
            "POST", "locations", body: #"{"code": "EAST", "name": "East", "priority": 5, "is_active": true}"#,
            status: 201)
        try await send("POST", "locations", body: #"{"code": "WEST"}"#, status: 201)
        try await send("POST", "locations", body: #"{"code": "WEST"}"#, status: 409)
        try await send("GET", "locations", query: "limit=10&count=exact")
        try await send("GET", "locations/{id}", made.id)
        try await send(
            "PATCH", "locations/{id}", made.id, body: #"{"name": "Far east", "priority": null}"#, version: made.version)
    }

    mutating func moveStock() async throws {
        try await send(
            "POST", "inventory/receive",
            body: #"{"sku": "TEA", "quantity": 50, "location": "EAST", "reference": "PO-1"}"#)
        try await send(
            "POST", "inventory/adjust", body: #"{"sku": "TEA", "delta": -1, "location": "EAST", "reason": "b"}"#)
        try await send(
            "POST", "inventory/adjust", body: #"{"sku": "TEA", "delta": -100, "location": "EAST"}"#, status: 409)
        let adjusted = try await send(
            "POST", "inventory/bulk-adjust",
            body: """
                {"mode": "per_row", "adjustments": [{"sku": "MUG", "delta": 20, "location": "EAST"},
                 {"sku": "MUG", "delta": -99, "location": "EAST"}]}
                """)
        #expect(adjusted.list("results").map { $0.text("status") } == ["updated", "rejected"])
        try await send("POST", "inventory/count", body: #"{"sku": "TEA", "quantity": 40, "location": "EAST"}"#)
        try await send(
            "POST", "inventory/bulk-count",
            body: #"{"counts": [{"sku": "TEA", "quantity": 7, "location": "WEST", "reorder_point": 3}]}"#)
        try await send(
            "POST", "inventory/transfer", body: #"{"sku": "TEA", "quantity": 5, "from": "WEST", "to": "EAST"}"#)
        try await send("POST", "inventory/transfer", body: #"{"sku": "TEA", "quantity": 0}"#, status: 422)
        try await send("GET", "inventory", query: "sku=TEA&location=EAST&low_stock=false&count=exact")
        let low = try await send("GET", "inventory/low-stock", query: "location=WEST")
        #expect(low.list("items").map { $0.text("on_hand") } == ["2"])
        let level = try await send("GET", "inventory/{sku}", "TEA")
        #expect(level.text("on_hand") == "47")
        try await send("GET", "inventory/{sku}", "NEVER", status: 404)
        let ledger = try await send("GET", "inventory/{sku}/ledger", "TEA", query: "location=EAST&limit=2")
        #expect(ledger.list("items").map { $0.text("kind") } == ["transfer_in", "count"])
        let path = "inventory/{sku}/locations/{location}"
        let point = try await send("PATCH", path, "TEA", "EAST", body: #"{"reorder_point": 4}"#)
        try await send("PATCH", path, "TEA", "EAST", body: #"{"reorder_point": 5}"#, version: point.version)
        try await send("PATCH", path, "TEA", "EAST", body: #"{"reorder_point": 5}"#, version: "1", status: 412)
    }

    mutating func reserveStock() async throws {
        let body = #"{"sku": "TEA", "quantity": 2, "reference": "cart-1", "expires_in": 600, "location": "EAST"}"#
        let made = try await send("POST", "inventory/reserve", body: body, status: 201)
        let again = try await send("POST", "inventory/reserve", body: body)
        #expect(again.id == made.id)
        let product = try await send("GET", "products/by-sku/{sku}", "TEA")
        try await send(
            "POST", "inventory/reserve", body: #"{"product_id": "\#(product.id)", "quantity": 1}"#, status: 201)
        let other = try await send("POST", "inventory/{sku}/reserve", "TEA", body: #"{"quantity": 1}"#, status: 201)
        let short = try await send("POST", "inventory/{sku}/reserve", "TEA", body: #"{"quantity": 999}"#, status: 409)
        #expect(short.text("code") == "insufficient_stock")
        try await send("GET", "inventory/reservations", query: "state=held&sku=TEA&reference=cart-1")
        try await send("GET", "inventory/reservations/{id}", made.id)
        try await send("POST", "inventory/reservations/{id}/release", other.id, version: other.version)
        try await send("POST", "inventory/reservations/{id}/commit", made.id)
        try await send("POST", "inventory/reservations/{id}/commit", other.id, status: 409)
    }
}
