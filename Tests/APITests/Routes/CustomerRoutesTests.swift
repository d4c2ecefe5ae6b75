import Commerce
import Core
import HTTPTypes
import Storage
import TestKit
import Testing

@testable import API

@Suite struct CustomerRoutesTests {
    private static let customers = "/api/v1/customers"
    private static let customer = "/api/v1/customers/{id}"

    private func caller(_ engine: TestStore.Engine) async throws -> RouteCaller {
        let commerce = Commerce()
        return try await RouteCaller(
            engine,
            Routes.customerRoutes(commerce) + Routes.productRoutes(commerce) + Routes.orderRoutes(commerce))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aCustomerIsMadeReadChangedReplacedAndRemoved(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let body = #"{"name":"Maria","email":"maria@example.com"}"#
        let made = try await api.call(.post, Self.customers, body: body)
        #expect(made.status == 201)
        #expect(made.headers[.eTag] == "\"1\"")
        let id = ["id": made.json.text("id")]
        #expect(made.headers[.location] == "\(Self.customers)/\(made.json.text("id"))")
        #expect(try await api.call(.get, Self.customer, id).json == made.json)
        #expect(await api.failure(.post, Self.customers, body: body) == "email_taken")
        #expect(await api.failure(.patch, Self.customer, id, body: "{}") == "precondition_required")
        let patched = try await api.call(.patch, Self.customer, id, body: #"{"phone":"1"}"#, ifMatch: "\"1\"")
        #expect(patched.headers[.eTag] == "\"2\"")
        let stale = await api.failure(.put, Self.customer, id, body: body, ifMatch: "\"1\"")
        #expect(stale == "version_mismatch")
        let put = try await api.call(.put, Self.customer, id, body: body, ifMatch: "\"2\"")
        #expect(put.json["phone"] == .null)
        #expect(try await api.call(.delete, Self.customer, id, ifMatch: "\"3\"").status == 204)
        #expect(await api.failure(.get, Self.customer, id) == "not_found")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func addressesAreListedAndAdded(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let made = try await api.call(.post, Self.customers, body: #"{"name":"Maria"}"#)
        let id = ["id": made.json.text("id")]
        let address = #"{"type":"billing","line1":"123 Main Street, Apt 4B","city":"Springfield","country":"US"}"#
        let added = try await api.call(.post, "\(Self.customer)/addresses", id, body: address)
        #expect(added.status == 201)
        #expect(added.headers[.eTag] == "\"2\"")
        #expect(added.json.text("line1") == "123 Main Street, Apt 4B")
        let list = try await api.call(.get, "\(Self.customer)/addresses", id)
        #expect(list.json.objects("items") == [added.json])
        let bad = #"{"id":"x","type":"home","line1":"","country":"U"}"#
        #expect(await api.failure(.post, "\(Self.customer)/addresses", id, body: bad) == "invalid_request")
        let stale = await api.failure(.post, "\(Self.customer)/addresses", id, body: address, ifMatch: "\"1\"")
        #expect(stale == "version_mismatch")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func listsAreFiltered(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        for name in ["Anna", "Bert", "Anton"] {
            let body = #"{"name":"\#(name)","email":"\#(name)@example.com","external_id":"\#(name)"}"#
            _ = try await api.call(.post, Self.customers, body: body)
        }
        func names(_ query: String) async throws -> [String] {
            try await api.call(.get, Self.customers, query: query).json.objects("items").map { $0.text("name") }
        }
        #expect(try await names("") == ["Anton", "Bert", "Anna"])
        #expect(try await names("search=an&sort_by=name&sort_order=asc") == ["Anna", "Anton"])
        #expect(try await names("email=BERT@example.com") == ["Bert"])
        #expect(try await names("external_id=Anton") == ["Anton"])
        #expect(await api.failure(.get, Self.customers, query: "sort_by=email") == "invalid_query")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aCustomerWithOrdersStaysAndShowsThem(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let made = try await api.call(.post, Self.customers, body: #"{"name":"Maria"}"#)
        let id = made.json.text("id")
        let empty = try await api.call(.get, "\(Self.customer)/orders", ["id": id])
        #expect(empty.json.objects("items").isEmpty)
        _ = try await api.call(.post, "/api/v1/products", body: #"{"sku":"chai","name":"Chai","price":"18"}"#)
        _ = try await api.call(
            .post, "/api/v1/orders",
            body: #"{"customer_id":"\#(id)","reserve":false,"items":[{"sku":"chai","quantity":2}]}"#)
        let orders = try await api.call(.get, "\(Self.customer)/orders", ["id": id])
        #expect(orders.json.objects("items").map { $0.text("customer_id") } == [id])
        let kept = await api.failure(.delete, Self.customer, ["id": id], ifMatch: "\"1\"")
        #expect(kept == "customer_has_orders")
    }
}
