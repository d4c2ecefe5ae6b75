import Commerce
import Core
import HTTPTypes
import Storage
import TestKit
import Testing

@testable import API

@Suite struct ProductRoutesTests {
    private static let products = "/api/v1/products"
    private static let product = "/api/v1/products/{id}"
    private static let chai = #"{"sku": "chai", "name": "Chai", "price": "18.00"}"#

    /// Somebody who may see what things cost.
    private static let buyer = Credential(
        id: Identifier(high: 1, low: 1), name: "buyer", tenant: .first, scopes: .all, expiresAt: nil)

    private func caller(_ engine: TestStore.Engine) async throws -> RouteCaller {
        let commerce = Commerce()
        return try await RouteCaller(engine, Routes.productRoutes(commerce) + Routes.variantRoutes(commerce))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aProductIsMadeReadChangedReplacedAndRemoved(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let made = try await api.call(.post, Self.products, body: Self.chai)
        #expect(made.status == 201)
        #expect(made.headers[.eTag] == "\"1\"")
        let id = ["id": made.json.text("id")]
        #expect(made.headers[.location] == "\(Self.products)/\(made.json.text("id"))")
        #expect(try await api.call(.get, Self.product, id).json == made.json)
        #expect(try await api.call(.get, "\(Self.products)/by-sku/{sku}", ["sku": "chai"]).json == made.json)
        #expect(await api.failure(.patch, Self.product, id, body: "{}") == "precondition_required")
        let patched = try await api.call(.patch, Self.product, id, body: #"{"tags":["tea"]}"#, ifMatch: "\"1\"")
        #expect(patched.headers[.eTag] == "\"2\"")
        let stale = await api.failure(.put, Self.product, id, body: Self.chai, ifMatch: "\"1\"")
        #expect(stale == "version_mismatch")
        let put = try await api.call(.put, Self.product, id, body: Self.chai, ifMatch: "\"2\"")
        #expect(put.json["tags"] == .array([]))
        #expect(await api.failure(.post, Self.products, body: Self.chai) == "sku_taken")
        #expect(await api.failure(.delete, Self.product, id) == "precondition_required")
        let removed = try await api.call(.delete, Self.product, id, ifMatch: "\"3\"")
        #expect(removed.status == 204)
        #expect(await api.failure(.get, Self.product, id) == "not_found")
        #expect(await api.failure(.get, Self.product, ["id": "chai"]) == "not_found")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func listsAreFilteredSortedAndPaged(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        for sku in ["b", "a", "c"] {
            _ = try await api.call(
                .post, Self.products,
                body: #"{"sku":"\#(sku)","name":"N","price":1,"active":\#(sku != "c"),"external_id":"x\#(sku)"}"#)
        }
        func skus(_ query: String) async throws -> [String] {
            try await api.call(.get, Self.products, query: query).json.objects("items").map { $0.text("sku") }
        }
        #expect(try await skus("") == ["c", "a", "b"])
        #expect(try await skus("sort_by=sku&sort_order=asc") == ["a", "b", "c"])
        #expect(try await skus("sort_by=sku&active=true") == ["b", "a"])
        #expect(try await skus("external_id=xa") == ["a"])
        let first = try await api.call(.get, Self.products, query: "sort_by=sku&sort_order=asc&limit=2&count=exact")
        #expect(first.json.text("total") == "3")
        let cursor = first.json.text("next_cursor")
        #expect(try await skus("sort_by=sku&sort_order=asc&limit=2&cursor=\(cursor)") == ["c"])
        for (query, code) in [
            ("sort_by=name&limit=2&cursor=\(cursor)", "invalid_cursor"), ("sort_by=price", "invalid_query"),
            ("sort_order=up", "invalid_query"), ("sort=name", "invalid_query"), ("colour=red", "invalid_query"),
        ] {
            #expect(await api.failure(.get, Self.products, query: query) == code, "\(query)")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func costsAreForThoseWhoMaySeeThem(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let body = #"{"sku":"a","name":"A","price":2,"cost":"1.25","variants":[{"sku":"b","cost":"1.50"}]}"#
        #expect(await api.failure(.post, Self.products, body: body) == "missing_scope")
        let made = try await api.call(.post, Self.products, body: body, credential: Self.buyer)
        #expect(made.json.text("cost") == "1.25")
        let id = ["id": made.json.text("id")]
        for (template, parameters) in [
            (Self.products, [:]), (Self.product, id), ("\(Self.products)/by-sku/{sku}", ["sku": "b"]),
            ("\(Self.product)/variants", id),
            ("\(Self.product)/variants/{variant}", id.merging(["variant": "b"]) { $1 }),
        ] {
            let hidden = try await api.call(.get, template, parameters)
            let shown = try await api.call(.get, template, parameters, credential: Self.buyer)
            #expect(!names(hidden.json).contains("cost"), "\(template)")
            #expect(names(shown.json).contains("cost"), "\(template)")
        }
        let patch = #"{"cost":null}"#
        #expect(await api.failure(.patch, Self.product, id, body: patch, ifMatch: "\"1\"") == "missing_scope")
        let blind = try await api.call(
            .put, Self.product, id, body: #"{"sku":"a","name":"A2","price":2}"#, ifMatch: "\"1\"")
        #expect(!names(blind.json).contains("cost"))
        let kept = try await api.call(.get, Self.product, id, credential: Self.buyer)
        #expect(kept.json.text("cost") == "1.25")
        let bulk = #"{"products":[{"sku":"a","cost":1}]}"#
        #expect(await api.failure(.post, "\(Self.products)/bulk", body: bulk) == "missing_scope")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func variantsShareTheVersionOfTheirProduct(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let made = try await api.call(.post, Self.products, body: Self.chai)
        let id = made.json.text("id")
        let added = try await api.call(
            .post, "\(Self.product)/variants", ["id": id], body: #"{"sku":"chai-1kg","options":{"size":"1 kg"}}"#)
        #expect(added.status == 201)
        #expect(added.headers[.eTag] == "\"2\"")
        #expect(added.headers[.location] == "\(Self.products)/\(id)/variants/\(added.json.text("id"))")
        let list = try await api.call(.get, "\(Self.product)/variants", ["id": id])
        #expect(list.json.objects("items") == [added.json])
        let place = ["id": id, "variant": "chai-1kg"]
        let one = "\(Self.product)/variants/{variant}"
        #expect(await api.failure(.patch, one, place, body: "{}") == "precondition_required")
        let changed = try await api.call(.patch, one, place, body: #"{"price":"30"}"#, ifMatch: "\"2\"")
        #expect(changed.json.text("price") == "30.00")
        #expect(try await api.call(.delete, one, place, ifMatch: "\"3\"").status == 204)
        #expect(await api.failure(.get, one, place) == "not_found")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aBulkTellsWhatBecameOfEachRow(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let body = #"{"mode":"per_row","products":[\#(Self.chai),7,{"sku":"x"}]}"#
        let answer = try await api.call(.post, "\(Self.products)/bulk", body: body)
        #expect(answer.status == 200)
        #expect(answer.json.objects("results").map { $0.text("status") } == ["created", "rejected", "rejected"])
        let atomic = await api.failure(.post, "\(Self.products)/bulk", body: #"{"products":[{"sku":"x"}]}"#)
        #expect(atomic == "bulk_rejected")
        for body in ["{}", #"{"products":[]}"#, #"{"products":{},"mode":"x"}"#] {
            #expect(await api.failure(.post, "\(Self.products)/bulk", body: body) == "invalid_request", "\(body)")
        }
    }

    /// The names of all members at any depth.
    private func names(_ object: JSONObject) -> Set<String> {
        object.members.reduce(into: []) { names, member in
            names.insert(member.name)
            switch member.value {
            case .object(let inner): names.formUnion(self.names(inner))
            case .array(let values):
                for case .object(let inner) in values { names.formUnion(self.names(inner)) }
            default: break
            }
        }
    }
}
