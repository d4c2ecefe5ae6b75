import ChangeLog
import Commerce
import Core
import Storage
import Telemetry
import TestKit
import Testing

@testable import Recommendations

/// What single changes of a shop make of items and purchases.
@Suite(.timeLimit(.minutes(5))) struct ShopItemsTests {
    private static func product(_ world: ShopItemsWorld, _ json: String) async throws -> Identifier {
        let draft = #"{"price": "3.50", "currency": "USD", \#(json)}"#
        return try await world.act { commerce, unit in
            try commerce.products.create(try ShopWorld.read(draft) { ProductDraft(&$0) }, in: unit).id
        }
    }

    private static func customer(_ world: ShopItemsWorld) async throws -> Identifier {
        try await world.act { commerce, unit in
            try commerce.customers.create(try ShopWorld.read(#"{"name": "Ada"}"#) { CustomerDraft(&$0) }, in: unit).id
        }
    }

    /// Orders of a moment, each of some skus.
    private static func orders(
        _ world: ShopItemsWorld, of customer: Identifier?, _ carts: [String]..., quantity: Int = 1
    ) async throws -> [Identifier] {
        let buyer = customer.map { #""customer_id": "\#($0)", "# } ?? ""
        return try await world.act { commerce, unit in
            try carts.map { skus in
                let items = skus.map { #"{"sku": "\#($0)", "quantity": \#(quantity)}"# }.joined(separator: ", ")
                let body = #"{\#(buyer)"items": [\#(items)], "reserve": false}"#
                return try commerce.orders.create(try ShopWorld.read(body) { OrderDraft(&$0) }, in: unit).id
            }
        }
    }

    private static func move(_ world: ShopItemsWorld, _ order: Identifier, _ statuses: OrderStatus...) async throws {
        for status in statuses {
            try await world.act {
                _ = try $0.orders.move(order, to: status, reason: nil, expecting: nil, in: $1)
            }
        }
        try await world.catchUp()
    }

    private static func count(_ world: ShopItemsWorld, _ quantity: Int64, of sku: String) async throws {
        try await world.act { commerce, unit in
            _ = try commerce.inventory.count(StockMovement(sku: sku, quantity: quantity), in: unit)
        }
        try await world.catchUp()
    }

    private static func item(_ world: ShopItemsWorld, _ id: Identifier) async throws -> Item? {
        let key = ItemKey("product", "\(id)")
        return try await world.store.database.read { [items = world.items] in
            try items.find([key], of: .first, in: $0)[key]
        }
    }

    /// The weights of what was bought.
    private static func weights(_ world: ShopItemsWorld, of user: Identifier) async throws -> [Double] {
        try await world.store.database.read { [interactions = world.interactions] in
            try interactions.list(of: "\(user)", kind: "purchase", limit: 100, .first, in: $0).map(\.weight)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aProductIsAnItem(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        let tea = try await Self.product(
            world,
            """
            "sku": "tea", "name": "Tea", "tags": ["hot", "green"], "attributes": {"category": "drinks", "organic": true,
                "grams": 250, "from": ["Assam", 7], "name": "other", "none": null, "size": {"x": 1}}
            """)
        try await world.catchUp()
        let item = try #require(try await Self.item(world, tea))
        #expect(item.isAvailable)
        #expect(
            String(decoding: JSONWriter.bytes(of: item.attributes), as: UTF8.self)
                == #"{"sku":"tea","name":"Tea","price":3.5,"currency":"USD","tags":["hot","green"],"#
                + #""category":"drinks","organic":true,"grams":250,"from":["Assam"]}"#)
        try await world.act { commerce, unit in
            let patch = try ShopWorld.read(#"{"name": "Chai"}"#) { ProductPatch(&$0) }
            _ = try commerce.products.update(tea, patch, expecting: nil, in: unit)
        }
        try await world.catchUp()
        #expect(try await Self.item(world, tea)?.attributes["name"] == .string("Chai"))
        try await world.act { try $0.products.delete(tea, expecting: nil, in: $1) }
        try await world.catchUp()
        #expect(try await Self.item(world, tea) == nil)
        #expect(try await world.count("SELECT COUNT(*) FROM shop_items") == 0)
        #expect(try await world.count("SELECT COUNT(*) FROM shop_skus") == 0)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aProductIsAvailableAsLongAsThereIsAnyOfIt(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        let tea = try await Self.product(
            world, #""sku": "tea", "name": "Tea", "variants": [{"sku": "tin"}, {"sku": "old", "active": false}]"#)
        func isAvailable() async throws -> Bool? { try await Self.item(world, tea)?.isAvailable }
        for (quantity, sku, expected) in [
            (0, "tea", false), (2, "tin", true), (0, "tin", false), (9, "old", false), (1, "tea", true),
        ] {
            try await Self.count(world, Int64(quantity), of: sku)
            #expect(try await isAvailable() == expected, "\(quantity) of \(sku)")
        }
        // What is reserved is not there for others.
        let held = try await world.act { try $0.inventory.reserve(ReservationRequest(sku: "tea", quantity: 1), in: $1) }
        try await world.catchUp()
        #expect(try await isAvailable() == false)
        try await world.act { _ = try $0.inventory.release(held.id, in: $1) }
        try await world.catchUp()
        #expect(try await isAvailable() == true)
        for (isActive, expected) in [(false, false), (true, true)] {
            try await world.act { commerce, unit in
                let patch = try ShopWorld.read(#"{"active": \#(isActive)}"#) { ProductPatch(&$0) }
                _ = try commerce.products.update(tea, patch, expecting: nil, in: unit)
            }
            try await world.catchUp()
            #expect(try await isAvailable() == expected)
        }
    }

    /// A stream of orders on a sku of which there is enough writes nothing but how far it was read.
    @Test(arguments: TestStore.Engine.allCases)
    func stockThatIsThereAndStaysSoCostsNothing(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        let tea = try await Self.product(world, #""sku": "tea", "name": "Tea""#)
        try await Self.count(world, 1_000, of: "tea")
        let before = try #require(try await Self.item(world, tea))
        let taken = world.changesTaken
        // Where somebody else said something of it meanwhile, that stays.
        try await world.act { [items = world.items] _, unit in
            let draft = ItemDraft(before.key, attributes: JSONObject([.init("ours", .bool(true))]), isAvailable: false)
            _ = try items.put([draft], in: unit)
        }
        for _ in 0..<20 {
            try await world.act {
                _ = try $0.inventory.reserve(ReservationRequest(sku: "tea", quantity: 1), in: $1)
            }
        }
        let changes = try await world.count("SELECT COUNT(*) FROM changes")
        try await world.catchUp()
        #expect(world.changesTaken == taken + 20)
        #expect(try await world.count("SELECT COUNT(*) FROM changes") == changes)
        // It tells of availability alone.
        try await Self.count(world, 20, of: "tea")
        try await Self.count(world, 30, of: "tea")
        let after = try #require(try await Self.item(world, tea))
        #expect(after.isAvailable && after.attributes["ours"] == .bool(true))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOrderIsAPurchaseOfEachProduct(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        let ada = try await Self.customer(world)
        _ = try await Self.product(world, #""sku": "tea", "name": "Tea", "variants": [{"sku": "tin"}]"#)
        _ = try await Self.product(world, #""sku": "milk", "name": "Milk""#)
        let orders = try await Self.orders(world, of: ada, ["tea", "tin", "milk"], quantity: 50)
        _ = try await Self.orders(world, of: nil, ["tea"])
        try await world.catchUp()
        // Two products at what a purchase is worth, however many units and variants of each.
        #expect(try await Self.weights(world, of: ada) == [5, 5])
        #expect(try await world.count("SELECT COUNT(*) FROM interactions") == 2)
        let order = try #require(orders.first)
        let lines = try await world.act { commerce, unit in
            try commerce.orders.find(order, of: unit.tenant, in: unit.transaction).lines
        }
        let milk = try #require(lines?.first { $0.sku == "milk" })
        try await world.act { _ = try $0.orders.removeLine(milk.id, of: order, expecting: nil, in: $1) }
        try await world.catchUp()
        #expect(try await Self.weights(world, of: ada) == [5])
        try await Self.move(world, order, .cancelled)
        #expect(try await Self.weights(world, of: ada) == [])
        // What is paid back was not bought after all.
        try await Self.move(world, order, .refunded)
        #expect(try await Self.weights(world, of: ada) == [])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatHasLeftWasBought(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        let ada = try await Self.customer(world)
        _ = try await Self.product(world, #""sku": "tea", "name": "Tea""#)
        try await Self.count(world, 10, of: "tea")
        let order = try #require(try await Self.orders(world, of: ada, ["tea"]).first)
        try await Self.move(world, order, .confirmed, .processing, .shipped, .delivered, .refunded)
        #expect(try await Self.weights(world, of: ada) == [5])
    }

    /// Orders that were imported by their day have one moment.
    @Test(arguments: TestStore.Engine.allCases)
    func ordersOfOneMomentAreTakenBackOneByOne(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        let ada = try await Self.customer(world)
        _ = try await Self.product(world, #""sku": "tea", "name": "Tea""#)
        _ = try await Self.product(world, #""sku": "milk", "name": "Milk""#)
        let orders = try await Self.orders(world, of: ada, ["tea", "milk"], ["tea"])
        try await world.catchUp()
        #expect(try await Self.weights(world, of: ada) == [5, 5])
        try await Self.move(world, orders[0], .cancelled)
        #expect(try await Self.weights(world, of: ada) == [5])
        try await Self.move(world, orders[1], .cancelled)
        #expect(try await Self.weights(world, of: ada) == [])
    }

    /// Two customers turn out to be one who was known by yet another name, and then an order is cancelled.
    @Test(arguments: TestStore.Engine.allCases)
    func whatBecameAnothersIsTakenBack(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        let (ada, bob, eve) = (
            try await Self.customer(world), try await Self.customer(world), try await Self.customer(world)
        )
        _ = try await Self.product(world, #""sku": "tea", "name": "Tea""#)
        _ = try await Self.product(world, #""sku": "milk", "name": "Milk""#)
        let orders = try await Self.orders(world, of: ada, ["tea", "milk"], ["tea"])
        let own = try #require(try await Self.orders(world, of: bob, ["tea"]).first)
        try await world.catchUp()
        for (from, user) in [(ada, bob), (bob, eve)] {
            try await world.act { _, unit in
                _ = try RecommendationUsers().merge("\(from)", into: "\(user)", in: unit)
            }
        }
        #expect(try await Self.weights(world, of: eve) == [5, 5, 5])
        for (order, left) in [(orders[0], [5.0, 5]), (own, [5]), (orders[1], [])] {
            try await Self.move(world, order, .cancelled)
            #expect(try await Self.weights(world, of: eve) == left)
        }
        #expect(try await world.count("SELECT COUNT(*) FROM interactions") == 0)
        // Who is forgotten is not known as anybody's other name either.
        _ = try await Self.orders(world, of: eve, ["tea"])
        try await world.catchUp()
        try await world.act { _, unit in try RecommendationUsers().delete("\(eve)", in: unit) }
        #expect(try await world.count("SELECT COUNT(*) FROM shop_merges WHERE merged_into = \("\(eve)")") == 0)
    }

    /// What cannot be read stops nothing.
    @Test(arguments: TestStore.Engine.allCases)
    func oddDocumentsArePassedOver(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        try await world.act { _, unit in
            for type in ["product", "balance", "order"] {
                for json in [
                    "{}", "[]", #"{"id": 7}"#, #"{"id": "", "sku": [], "customer_id": "", "items": 3}"#,
                    #"{"id": "\#(String(repeating: "x", count: 300))", "sku": "s", "available": "many"}"#,
                    #"{"id": "odd", "variants": [{}, 3], "price": {}, "tags": 4, "attributes": []}"#,
                ] { try unit.recordInsert(type, unit.makeIdentifier(), after: Array(json.utf8)) }
            }
        }
        try await world.catchUp()
        #expect(world.changesTaken == 18)
        let made = try await world.made()
        #expect(made.count == 1 && made[0].contains(#""entity_id":"odd""#), "\(made)")
    }
}
