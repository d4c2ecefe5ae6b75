import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@testable import Knowledge

/// What becomes of the graph of a shop when things in it change and go.
@Suite(.timeLimit(.minutes(5))) struct ShopChangeTests {
    private static func product(_ world: ShopWorld, _ sku: String, _ more: String = "") async throws -> Product {
        let body = #"{"sku": "\#(sku)", "name": "\#(sku)", "price": "3.00", "currency": "USD"\#(more)}"#
        return try await world.act { commerce, unit in
            let product = try commerce.products.create(try ShopWorld.read(body) { ProductDraft(&$0) }, in: unit)
            for sku in product.allVariants.map(\.sku) {
                _ = try commerce.inventory.receive(StockMovement(sku: sku, quantity: 5), in: unit)
            }
            return product
        }
    }

    private static func order(_ world: ShopWorld, _ sku: String) async throws -> Order {
        let body = #"{"items": [{"sku": "\#(sku)", "quantity": 2}], "reserve": false}"#
        return try await world.act { commerce, unit in
            try commerce.orders.create(try ShopWorld.read(body) { OrderDraft(&$0) }, in: unit)
        }
    }

    private static func patch(_ world: ShopWorld, _ id: Identifier, _ body: String) async throws {
        try await world.act { commerce, unit in
            let patch = try ShopWorld.read(body) { ProductPatch(&$0) }
            _ = try commerce.products.update(id, patch, expecting: nil, in: unit)
        }
        try await world.catchUp()
    }

    private static func delete(_ world: ShopWorld, _ product: Product) async throws {
        try await world.act { commerce, unit in
            for sku in product.allVariants.map(\.sku) {
                _ = try commerce.inventory.count(StockMovement(sku: sku, quantity: 0), in: unit)
            }
            try commerce.products.delete(product.id, expecting: nil, in: unit)
        }
        try await world.catchUp()
    }

    private static func node(_ world: ShopWorld, _ id: String) async throws -> GraphNode? {
        try await world.store.database.read { [elements = world.elements] in
            try elements.find(GraphNode.self, [id], of: .first, in: $0)[id]
        }
    }

    private static func edge(_ world: ShopWorld, _ id: String) async throws -> GraphEdge? {
        try await world.store.database.read { [elements = world.elements] in
            try elements.find(GraphEdge.self, [id], of: .first, in: $0)[id]
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOrderDoesNotBringADeletedProductBack(_ engine: TestStore.Engine) async throws {
        let world = try await ShopWorld(engine)
        let product = try await Self.product(world, "chai")
        let order = try await Self.order(world, "chai")
        try await world.catchUp()
        let line = "order:\(order.id)/line/\(order.lines?.first?.id.description ?? "")"
        #expect(try await Self.edge(world, line)?.target == "product:\(product.id)")
        try await Self.delete(world, product)
        try await world.act { commerce, unit in
            _ = try commerce.orders.move(order.id, to: .cancelled, reason: nil, expecting: nil, in: unit)
        }
        try await world.catchUp()
        #expect(try await Self.node(world, "product:\(product.id)") == nil)
        #expect(try await Self.edge(world, line) == nil)
        #expect(try await Self.node(world, "order:\(order.id)") != nil)
    }

    /// In the tables they are different, or no names of a graph at all.
    @Test(arguments: TestStore.Engine.allCases)
    func oddNamesAreReadAsTheyAreFollowed(_ engine: TestStore.Engine) async throws {
        let world = try await ShopWorld(engine)
        let names = #", "attributes": {"category": "\u0301tea", "supplier": "Tea\tand more"}"#
        let product = try await Self.product(world, "one", names + #", "variants": [{"sku": "\u00E9"}]"#)
        let others = #", "variants": [{"sku": "e\u0301"}, {"sku": "\u00E9\u0301"}]"#
        _ = try await Self.product(world, "two", names + others)
        func expectAll(_ when: String) async throws {
            for id in ["category:\u{301}tea", "supplier:Tea and more", "variant:\u{E9}", "variant:\u{E9}\u{301}"] {
                #expect(try await Self.node(world, id) != nil, "\(id) \(when)")
            }
            #expect(try await Self.edge(world, "variant:\u{E9}/product") != nil, "\(when)")
        }
        try await world.catchUp()
        try await expectAll("by the log")
        try await world.dropGraph()
        // What has the name of a product is none.
        _ = try await world.store.log.write(TestStore.context) { [elements = world.elements] unit in
            let header = ElementHeader(id: "product:\(product.id)", group: ShopGraph.group, createdAt: unit.now)
            let source = JSONObject([.init("source", .string(ShopGraph.group))])
            let episode = GraphEpisode(header, name: "", content: "", validAt: unit.now, attributes: source)
            try elements.put([ElementDraft(episode)], in: unit)
        }
        try await world.cutLog()
        try await world.catchUp()
        try await expectAll("by the tables")
        #expect(try await Self.node(world, "product:\(product.id)") != nil)
    }

    @Test func aVariantWithAnotherSkuHasNoOtherNode() async throws {
        let world = try await ShopWorld(.sqlite)
        let product = try await Self.product(world, "chai", #", "variants": [{"sku": "a"}, {"sku": "b"}]"#)
        try await world.act { commerce, unit in
            let held = try commerce.inventory.reserve(ReservationRequest(sku: "b", quantity: 1), in: unit)
            _ = try commerce.inventory.release(held.id, in: unit)
        }
        try await world.catchUp()
        #expect(try await Self.edge(world, "variant:b/product")?.target == "product:\(product.id)")
        for (old, new) in [("a", "c"), ("b", "d")] {
            try await world.act { commerce, unit in
                _ = try commerce.inventory.count(StockMovement(sku: old, quantity: 0), in: unit)
                let patch = try ShopWorld.read(#"{"sku": "\#(new)"}"#) { VariantPatch(&$0) }
                _ = try commerce.products.updateVariant(old, of: product.id, patch, expecting: nil, in: unit)
            }
        }
        try await world.catchUp()
        #expect(try await Self.node(world, "variant:a") == nil)
        for sku in ["c", "d"] {
            #expect(try await Self.edge(world, "variant:\(sku)/product")?.target == "product:\(product.id)")
        }
        // Something was reserved of it once, and that is all that is known of it.
        let left = try #require(try await Self.node(world, "variant:b"))
        #expect(left.attributes.members.map(\.name) == ["source"])
        #expect(try await Self.edge(world, "variant:b/product") == nil)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aCategoryGoesWithItsLastProduct(_ engine: TestStore.Engine) async throws {
        let world = try await ShopWorld(engine)
        let tea = #", "attributes": {"category": "tea", "supplier": "Exotic Liquids"}"#
        let (chai, mate) = (try await Self.product(world, "chai", tea), try await Self.product(world, "mate", tea))
        try await world.catchUp()
        try await Self.patch(world, chai.id, #"{"attributes": {"category": "drinks"}}"#)
        #expect(try await Self.node(world, "category:tea") != nil)
        try await Self.delete(world, mate)
        #expect(try await Self.node(world, "category:tea") == nil)
        #expect(try await Self.node(world, "category:drinks") != nil)
        #expect(try await Self.node(world, "supplier:Exotic Liquids") != nil)
        try await Self.patch(world, chai.id, #"{"attributes": {"supplier": null}}"#)
        #expect(try await Self.node(world, "supplier:Exotic Liquids") == nil)
    }

    @Test func aCategoryIsThatOfAProductSinceItWasTold() async throws {
        let world = try await ShopWorld(.sqlite)
        let chai = try await Self.product(world, "chai", #", "attributes": {"category": "tea"}"#)
        try await world.catchUp()
        let edge = "product:\(chai.id)/category"
        let told = try #require(try await Self.edge(world, edge))
        try await Self.patch(world, chai.id, #"{"price": "4.00"}"#)
        #expect(try await Self.edge(world, edge) == told)
        try await Self.patch(world, chai.id, #"{"attributes": {"category": "drinks"}}"#)
        let changed = try #require(try await Self.edge(world, edge))
        #expect(changed.target == "category:drinks" && changed.validAt == world.store.time.now())
    }
}
