import ChangeLog
import Core
import TestKit
import Testing

/// Products, variants and customers.
extension ContractClient {
    private static let tea = """
        {"sku": "TEA", "name": "Tea", "description": "Black", "price": "12.50", "currency": "USD", "tax_rate": "0.07",
         "cost": 4.2, "tags": ["hot", "tea"], "attributes": {"origin": {"country": "IN"}}, "active": true,
         "external_id": "e-1", "variants": [{"sku": "TEA-XL", "name": "Large", "options": {"size": "XL"}}]}
        """

    mutating func keepProducts() async throws {
        let product = try await send("POST", "products", body: Self.tea, status: 201)
        try await send("POST", "products", body: Self.tea, status: 409)
        try await send("POST", "products", body: #"{"name": ""}"#, status: 422)
        try await send("POST", "products", body: "{", status: 400)
        try await send("POST", "products", body: "{}", headers: ["Content-Type": "text/plain"], status: 415)
        let bulk = try await send(
            "POST", "products/bulk",
            body: """
                {"mode": "per_row", "products": [{"sku": "MUG", "name": "Mug", "price": 8},
                 {"sku": "TEA", "price": "12.75"}, {"sku": "POT", "name": "Pot", "price": "30", "variants": []},
                 {"sku": "JAR"}]}
                """)
        #expect(bulk.list("results").map { $0.text("status") } == ["created", "updated", "created", "rejected"])
        try await send("POST", "products/bulk", body: #"{"products": [{"sku": "JAR"}]}"#, status: 422)

        let first = try await send(
            "GET", "products", query: "active=true&sort_by=name&sort_order=asc&limit=1&count=exact")
        #expect(first.list("items").map { $0.text("sku") } == ["MUG"])
        let cursor = first.text("next_cursor")
        let second = try await send(
            "GET", "products", query: "active=true&sort_by=name&sort_order=asc&limit=1&cursor=\(cursor)")
        #expect(second.list("items").map { $0.text("sku") } == ["POT"])
        try await send("GET", "products", query: "tag=tea&sku=TEA&external_id=e-1&page=1")
        try await send("GET", "products", query: "colour=red", status: 400)

        let path = "products/{id}"
        let found = try await send("GET", path, product.id)
        try await send("GET", path, product.id, headers: ["If-None-Match": "\"\(found.version)\""], status: 304)
        try await send("GET", path, Self.unknown, status: 404)
        try await send("GET", "products/by-sku/{sku}", "TEA-XL")
        let patched = try await send(
            "PATCH", path, product.id, body: #"{"description": null, "attributes": {"organic": true}}"#,
            version: found.version)
        try await send("PATCH", path, product.id, body: "{}", status: 428)
        try await send("PATCH", path, product.id, body: "{}", version: "1", status: 412)
        try await send(
            "PUT", path, product.id,
            body: #"{"sku": "TEA", "name": "Black tea", "price": "12.50", "tax_rate": 0.07, "external_id": "e-1"}"#,
            version: patched.version)
        let pot = try await send("GET", "products/by-sku/{sku}", "POT")
        let gone = try await send("DELETE", path, pot.id, version: pot.version, status: 204)

        let seen = ["Millrace-Position": gone.position]
        let hits = try await send("GET", "products/search", query: "q=tea&limit=5&active=true", headers: seen)
        #expect(hits.list("items").map { $0.text("sku") } == ["TEA"])
        try await send("GET", "products/search", query: "limit=5", status: 400)
        try await send("GET", "products/search", query: "q=%21", status: 422)
    }

    mutating func keepVariants() async throws {
        let product = try await send("GET", "products/by-sku/{sku}", "MUG")
        let path = "products/{id}/variants"
        let made = try await send(
            "POST", path, product.id, body: #"{"sku": "MUG-RED", "options": {"colour": "red"}, "cost": "2"}"#,
            version: product.version, status: 201)
        let list = try await send("GET", path, product.id)
        #expect(list.list("items").map(\.id) == [made.id])
        try await send("GET", path + "/{variant}", product.id, "MUG-RED")
        try await send(
            "PATCH", path + "/{variant}", product.id, made.id, body: #"{"price": "9.00", "name": "Red", "cost": null}"#,
            version: "2")
        try await send("PATCH", path + "/{variant}", product.id, made.id, body: #"{"active": false}"#, status: 428)
        try await send("DELETE", path + "/{variant}", product.id, "MUG-RED", version: "3", status: 204)
        try await send("GET", path + "/{variant}", product.id, "MUG-RED", status: 404)
    }

    mutating func keepCustomers() async throws {
        let made = try await send(
            "POST", "customers",
            body: """
                {"name": "Ada", "email": "ada@example.com", "phone": "1", "company": "A Co", "external_id": "c-1",
                 "notes": "Likes tea", "tags": ["vip"],
                 "addresses": [{"type": "billing", "line1": "1 Lane", "city": "Town", "country": "GB"}]}
                """, status: 201)
        try await send("POST", "customers", body: #"{"name": "B", "email": "ada@example.com"}"#, status: 409)
        try await send("POST", "customers", body: #"{"name": "B", "email": "b"}"#, status: 422)
        let bulk = try await send(
            "POST", "customers/bulk",
            body:
                #"{"mode": "per_row", "customers": [{"external_id": "c-2", "name": "Bob"}, {"email": "c@d.example"}]}"#)
        #expect(bulk.list("results").map { $0.text("status") } == ["created", "rejected"])
        try await send("GET", "customers", query: "search=a&sort_by=name&sort_order=asc&count=exact")
        let bob = try #require(try await send("GET", "customers", query: "external_id=c-2").list("items").first)
        let path = "customers/{id}"
        try await send(
            "POST", path + "/addresses", made.id,
            body: #"{"type": "shipping", "is_default": true, "line1": "2 Lane", "city": "Town", "country": "GB"}"#,
            version: made.version, status: 201)
        let addresses = try await send("GET", path + "/addresses", made.id)
        #expect(addresses.list("items").count == 2)
        let found = try await send("GET", path, made.id)
        let patched = try await send(
            "PATCH", path, made.id, body: #"{"company": null, "tags": []}"#, version: found.version)
        let kept = addresses.list("items").first?.id ?? ""
        try await send(
            "PUT", path, made.id,
            body: """
                {"name": "Ada L.", "email": "ada@example.com", "external_id": "c-1",
                 "addresses": [{"id": "\(kept)", "line1": "1 Lane", "city": "Town", "country": "GB"}]}
                """, version: patched.version)
        try await send("GET", path, Self.unknown, status: 404)
        try await send("DELETE", path, bob.id, version: bob.version, status: 204)
    }

    /// An identifier that nothing has.
    static let unknown = "0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11"
}
