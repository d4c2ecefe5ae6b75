import Commerce
import Core
import HTTPTypes
import Storage
import TestKit
import Testing

@testable import API

@Suite struct InventoryRoutesTests {
    private static let inventory = "/api/v1/inventory"
    private static let locations = "/api/v1/locations"

    private func caller(_ engine: TestStore.Engine) async throws -> RouteCaller {
        let commerce = Commerce()
        return try await RouteCaller(engine, Routes.inventoryRoutes(commerce) + Routes.locationRoutes(commerce))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReservationIsMadeRepeatedAndCommitted(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let received = try await api.call(
            .post, "\(Self.inventory)/receive", body: #"{"sku":"chai","quantity":10,"reference":"PO-1"}"#)
        #expect(received.status == 200)
        #expect(received.json.text("on_hand") == "10")
        let body = #"{"sku":"chai","quantity":4,"reference":"cart-7","expires_in":900}"#
        let made = try await api.call(.post, "\(Self.inventory)/reserve", body: body)
        #expect(made.status == 201)
        #expect(made.headers[.eTag] == "\"1\"")
        let id = made.json.text("id")
        #expect(made.headers[.location] == "/api/v1/inventory/reservations/\(id)")
        #expect(made.json.text("expires_at") == "2026-01-01T00:15:00Z")
        let repeated = try await api.call(.post, "\(Self.inventory)/reserve", body: body)
        #expect(repeated.status == 200)
        #expect(repeated.json == made.json)
        let conflict = await api.failure(
            .post, "\(Self.inventory)/{sku}/reserve", ["sku": "chai"], body: #"{"quantity":5,"reference":"cart-7"}"#)
        #expect(conflict == "reference_conflict")
        let committed = try await api.call(.post, "\(Self.inventory)/reservations/{id}/commit", ["id": id])
        #expect(committed.json.text("state") == "committed")
        let again = await api.failure(.post, "\(Self.inventory)/reservations/{id}/release", ["id": id])
        #expect(again == "illegal_transition")
        let found = try await api.call(.get, "\(Self.inventory)/reservations/{id}", ["id": id])
        #expect(found.headers[.eTag] == "\"2\"")
        let level = try await api.call(.get, "\(Self.inventory)/{sku}", ["sku": "chai"])
        #expect(["on_hand", "reserved", "available"].map(level.json.text) == ["6", "0", "6"])
        let ledger = try await api.call(.get, "\(Self.inventory)/{sku}/ledger", ["sku": "chai"], query: "location=MAIN")
        #expect(ledger.json.objects("items").map { $0.text("kind") } == ["ship", "receive"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReserveNamesTheProductAndTheLocationByIdentifier(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let place = try await api.call(.post, Self.locations, body: #"{"code":"EAST","priority":5}"#)
        let product = Identifier(high: 1, low: 1)
        let unknown = await api.failure(
            .post, "\(Self.inventory)/reserve", body: #"{"product_id":"\#(product)","quantity":1}"#)
        #expect(unknown == "not_found")
        _ = try await api.call(
            .post, "\(Self.inventory)/count", body: #"{"sku":"chai","quantity":3,"location":"EAST"}"#)
        let made = try await api.call(
            .post, "\(Self.inventory)/{sku}/reserve", ["sku": "chai"],
            body: #"{"quantity":2,"location_id":"\#(place.json.text("id"))"}"#)
        #expect(made.json.text("location") == "EAST")
        let elsewhere = await api.failure(
            .post, "\(Self.inventory)/reserve",
            body: #"{"sku":"chai","quantity":1,"location_id":"\#(product)"}"#)
        #expect(elsewhere == "not_found")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func stockIsMovedListedAndFoundLow(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        for code in ["EAST", "WEST"] { _ = try await api.call(.post, Self.locations, body: #"{"code":"\#(code)"}"#) }
        let bulk = try await api.call(
            .post, "\(Self.inventory)/bulk-adjust",
            body: #"{"mode":"per_row","adjustments":[{"sku":"chai","delta":9},{"sku":"mint","delta":-1}]}"#)
        #expect(["updated", "rejected"].map(bulk.json.text) == ["1", "1"])
        let moved = try await api.call(
            .post, "\(Self.inventory)/transfer", body: #"{"sku":"chai","quantity":4,"from":"EAST","to":"WEST"}"#)
        guard case .object(let to) = moved.json["to"] else {
            Issue.record("The answer has no member to.")
            return
        }
        #expect(to.text("on_hand") == "4")
        let adjusted = try await api.call(
            .post, "\(Self.inventory)/adjust", body: #"{"sku":"chai","delta":-2,"location":"WEST","reason":"broken"}"#)
        #expect(adjusted.json.text("on_hand") == "2")
        let place = ["sku": "chai", "location": "WEST"]
        let point = try await api.call(
            .patch, "\(Self.inventory)/{sku}/locations/{location}", place, body: #"{"reorder_point":2}"#)
        #expect(point.headers[.eTag] == "\"3\"")
        let stale = await api.failure(
            .patch, "\(Self.inventory)/{sku}/locations/{location}", place, body: #"{"reorder_point":5}"#,
            ifMatch: "\"1\"")
        #expect(stale == "version_mismatch")
        for path in ["\(Self.inventory)/low-stock", Self.inventory] {
            let low = try await api.call(.get, path, query: path == Self.inventory ? "low_stock=true" : "")
            #expect(low.json.objects("items").map { $0.text("location") } == ["WEST"])
        }
        let first = try await api.call(.get, Self.inventory, query: "sku=chai&limit=1&count=exact")
        #expect(first.json.text("total") == "2")
        let rest = try await api.call(
            .get, Self.inventory, query: "sku=chai&limit=1&cursor=\(first.json.text("next_cursor"))")
        #expect(rest.json.objects("items").map { $0.text("location") } == ["WEST"])
        #expect(rest.json["next_cursor"] == .null)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aLocationIsChangedByWhoKnowsItsVersion(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        let made = try await api.call(.post, Self.locations, body: #"{"code":"EAST"}"#)
        #expect(made.status == 201)
        let id = ["id": made.json.text("id")]
        let blind = await api.failure(.patch, "\(Self.locations)/{id}", id, body: #"{"name":"East"}"#)
        #expect(blind == "precondition_required")
        let changed = try await api.call(
            .patch, "\(Self.locations)/{id}", id, body: #"{"name":"East","is_active":false}"#, ifMatch: "\"1\"")
        #expect(changed.headers[.eTag] == "\"2\"")
        #expect(try await api.call(.get, "\(Self.locations)/{id}", id).json == changed.json)
        #expect(try await api.call(.get, Self.locations).json.objects("items") == [changed.json])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aBadRequestIsRefused(_ engine: TestStore.Engine) async throws {
        let api = try await caller(engine)
        for (path, body) in [
            ("reserve", #"{"quantity":1}"#), ("reserve", #"{"sku":"a","quantity":-1}"#),
            ("reserve", #"{"sku":"a","quantity":1,"order_id":"x"}"#), ("receive", #"{"sku":"a","quantity":1e30}"#),
            ("adjust", #"{"sku":"a","delta":0}"#), ("count", #"{"sku":"a","quantity":-1}"#),
            ("transfer", #"{"sku":"a","quantity":1,"from":"X","to":"X"}"#), ("bulk-adjust", #"{"adjustments":[]}"#),
        ] {
            #expect(await api.failure(.post, "\(Self.inventory)/\(path)", body: body) == "invalid_request", "\(body)")
        }
        #expect(await api.failure(.get, "\(Self.inventory)/reservations", query: "state=lost") == "invalid_query")
        #expect(await api.failure(.get, "\(Self.inventory)/reservations/{id}", ["id": "7"]) == "not_found")
        #expect(await api.failure(.get, "\(Self.inventory)/{sku}", ["sku": "never"]) == "not_found")
    }
}
