import TestKit
import Testing

/// Goods that come back.
extension ContractClient {
    /// The last order that was shipped, and its line.
    private mutating func shippedOrder() async throws -> (order: Answer, line: String) {
        let order = try #require(
            try await send("GET", "orders", query: "status=shipped&include_items=true").list("items").first)
        return (order, try #require(order.list("items").first).id)
    }

    mutating func returnGoods() async throws {
        let (order, line) = try await shippedOrder()
        let asked = try await send(
            "POST", "orders/{id}/returns", order.id,
            body: """
                {"lines": [{"order_line_id": "\(line)", "quantity": 1, "reason": "Cold", "condition": "opened",
                 "restock": true, "refund_amount": "5.00"}], "reason": "Unhappy", "notes": ""}
                """, status: 201)
        let path = "returns/{id}"
        try await send("GET", path, asked.id)
        let patched = try await send("PATCH", path, asked.id, body: #"{"notes": "Called"}"#, version: asked.version)
        try await send("PATCH", path, asked.id, body: #"{"notes": "Called"}"#, version: asked.version, status: 412)
        try await send("POST", path + "/approve", asked.id, version: patched.version)
        try await send(
            "POST", path + "/receive", asked.id,
            body:
                #"{"lines": [{"order_line_id": "\#(line)", "quantity": 1, "condition": "unopened", "restock": true}]}"#)
        try await send("POST", path + "/restock", asked.id, body: #"{"location": "EAST"}"#)
        let refunded = try await send("POST", path + "/refund", asked.id)
        #expect(refunded.text("refund_amount") == "5.00")
        try await send("POST", path + "/refund", asked.id, status: 409)
    }

    mutating func refuseReturns() async throws {
        let (order, line) = try await shippedOrder()
        for move in ["reject", "cancel"] {
            let asked = try await send(
                "POST", "returns",
                body: #"{"order_id": "\#(order.id)", "lines": [{"order_line_id": "\#(line)", "quantity": 1}]}"#,
                status: 201)
            try await send("POST", "returns/{id}/\(move)", asked.id, version: asked.version)
        }
        try await send("POST", "returns", body: #"{"order_id": "\#(order.id)", "lines": []}"#, status: 422)
        try await send("GET", "returns", query: "order_id=\(order.id)&status=rejected")
        let all = try await send("GET", "orders/{id}/returns", order.id, query: "count=exact")
        #expect(all.text("total") == "3")
    }
}
