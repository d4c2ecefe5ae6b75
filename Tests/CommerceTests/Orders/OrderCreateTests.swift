import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// What is taken for an order, at which prices, and what is refused. Everything in the shop costs 18.25 USD and 8.75 %
/// tax.
@Suite struct OrderCreateTests {
    @Test(arguments: TestStore.Engine.allCases)
    func theCatalogueSetsThePrices(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let product = try await shop.read { try shop.commerce.products.find(sku: "chai", of: .first, in: $0) }
        for item in [
            #""sku":"chai""#, #""product_id":"\#(product.id)""#, #""sku":"chai","product_id":"\#(product.id)""#,
            #""sku":"chai","unit_price":18.25"#, #""sku":"chai","unit_price":"18.250","tax_rate":0.0875"#,
        ] {
            let order = try await shop.order(#"{"items":[{\#(item),"quantity":1}],"total_amount":"19.85"}"#)
            let line = try #require(order.lines?.first)
            #expect(line.sku == "chai" && line.name == "chai" && line.productID == product.id)
            #expect(line.unitPrice.description == "18.25" && line.taxRate == Rate("0.0875"))
            #expect(order.amounts.total.description == "19.85" && order.currency == .usd)
            #expect(order.status == .pending && order.version == 1 && !order.isArchived)
        }
        #expect(try await shop.stock("chai") == [10, 5])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatDoesNotFitTheCatalogueIsRefused(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let tofu = try await shop.read { try shop.commerce.products.find(sku: "tofu", of: .first, in: $0) }.id
        let nobody = Identifier(high: 0x0197_f2a4_6c1e_7b3a, low: 0x9d10_5f2f_6f0c_9a11)
        let head = shop.store.log.seen
        let refused: [(String, String, [String])] = [
            (#""items":[{"sku":"chai","quantity":1,"unit_price":"18.24"}]"#, "price_mismatch", ["/items/0/unit_price"]),
            (#""items":[{"sku":"chai","quantity":1}],"total_amount":"19.84""#, "total_mismatch", ["/total_amount"]),
            (
                #""items":[{"sku":"chai","quantity":1},{"sku":"none","quantity":1}]"#, "invalid_request",
                ["/items/1/sku"]
            ),
            (
                #""items":[{"sku":"chai","product_id":"\#(tofu)","quantity":1}]"#, "invalid_request",
                ["/items/0/product_id"]
            ),
            (#""items":[{"product_id":"\#(nobody)","quantity":1}]"#, "invalid_request", ["/items/0/product_id"]),
            (
                #""items":[{"sku":"chai","quantity":1,"discount_amount":"1"}]"#, "invalid_request",
                ["/items/0/discount_amount"]
            ),
            (#""items":[{"sku":"chai","quantity":1,"tax_rate":"0"}]"#, "invalid_request", ["/items/0/tax_rate"]),
            (#""items":[{"sku":"chai","quantity":1}],"currency":"EUR""#, "invalid_request", ["/items/0/sku"]),
            (
                #""items":[{"sku":"chai","quantity":1}],"customer_id":"\#(nobody)""#, "invalid_request",
                ["/customer_id"]
            ),
            (#""items":[]"#, "invalid_request", ["/items"]),
            (#""items":[{"sku":"chai","quantity":0}]"#, "invalid_request", ["/items/0/quantity"]),
            (#""items":[{"quantity":1}]"#, "invalid_request", ["/items/0/sku"]),
            (#""items":[{"sku":"chai","quantity":1,"colour":"red"}]"#, "invalid_request", ["/items/0/colour"]),
            (#""items":[{"sku":"chai","quantity":1}],"order_number":"1""#, "invalid_request", ["/order_number"]),
            (#""items":[{"sku":"chai","quantity":1}],"status":"shipped""#, "invalid_request", ["/status"]),
        ]
        for (body, code, pointers) in refused {
            let failure = await #expect(throws: Failure.self) { try await shop.order("{\(body)}") }
            #expect(failure?.code == code, "\(body)")
            #expect(failure?.errors.map(\.pointer) == pointers, "\(body)")
        }
        #expect(shop.store.log.seen == head)
        #expect(try await shop.stock("chai") == [10, 0])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoMaySetPricesSetsThem(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(
            #"{"items":[{"sku":"chai","quantity":2,"unit_price":"10","discount_amount":"0.50","tax_rate":"0.1"}]}"#,
            .init(setsPrices: true))
        #expect(order.amounts.subtotal.description == "20.00" && order.amounts.discount.description == "0.50")
        #expect(order.amounts.tax.description == "1.95" && order.amounts.total.description == "21.45")
        let unknown = await #expect(throws: Failure.self) {
            try await shop.order(
                #"{"items":[{"sku":"none","quantity":1,"unit_price":"1"}]}"#, .init(setsPrices: true))
        }
        #expect(unknown?.errors.map(\.pointer) == ["/items/0/sku"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func everyLineThatLacksStockIsNamedAndNothingIsSetAside(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let head = shop.store.log.seen
        let failure = await #expect(throws: Failure.self) {
            try await shop.order(
                #"{"items":[{"sku":"chai","quantity":7},{"sku":"tofu","quantity":11},{"sku":"milk","quantity":10},"#
                    + #"{"sku":"chai","quantity":4}]}"#)
        }
        #expect(failure?.kind == .conflict && failure?.code == "insufficient_stock")
        #expect(failure?.errors.map(\.pointer) == ["/items/0/quantity", "/items/1/quantity", "/items/3/quantity"])
        func line(_ index: Int, _ sku: String, _ requested: Int, _ available: Int) -> JSONValue {
            .object(
                JSONObject([
                    .init("index", .integer(index)), .init("sku", .string(sku)),
                    .init("requested", .integer(requested)),
                    .init("available", .integer(available)),
                ]))
        }
        #expect(
            failure?.details.first { $0.name == "lines" }?.value
                == .array([line(0, "chai", 11, 10), line(1, "tofu", 11, 10), line(3, "chai", 11, 10)]))
        #expect(shop.store.log.seen == head)
        for sku in ["chai", "tofu", "milk"] { #expect(try await shop.stock(sku) == [10, 0]) }
        let open = try await shop.order(#"{"items":[{"sku":"tofu","quantity":11}],"reserve":false}"#)
        #expect(open.lines?.first?.quantity == 11)
        #expect(try await shop.stock("tofu") == [10, 0])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func historyIsTakenOverAsItWas(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        _ = try await shop.makeCustomers(1)
        let json =
            #"{"order_number":"10248","external_id":"nw-10248","customer_external_id":"c-0","status":"delivered","#
            + #""order_date":"1996-07-04","currency":"EUR","shipping_amount":"32.38","#
            + #""items":[{"sku":"old","name":"Queso","quantity":12,"unit_price":"14"}]}"#
        let order = try await shop.order(json, .init(importsHistory: true))
        #expect(order.number == "10248" && order.externalID == "nw-10248" && order.customerID != nil)
        #expect(order.status == .delivered && order.fulfillmentStatus == .delivered)
        #expect(order.orderedAt == Timestamp("1996-07-04") && order.createdAt == shop.store.time.now())
        #expect(order.amounts.total.description == "200.38" && order.currency == .eur)
        #expect(order.lines?.first?.name == "Queso" && order.lines?.first?.shippedQuantity == 12)
        let found = try await shop.read { try shop.commerce.orders.find(number: "10248", of: .first, in: $0) }
        #expect(found == order)
        for (change, code) in [
            (("nw-10248", "other"), "order_number_taken"), (("\"10248\"", "\"10249\""), "external_id_taken"),
        ] {
            let failure = await #expect(throws: Failure.self) {
                try await shop.order(json.replacing(change.0, with: change.1), .init(importsHistory: true))
            }
            #expect(failure?.code == code)
        }
        #expect(try await shop.discrepancies() == [])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func numbersAreUniqueShortAndTheirOwnTenants(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine, stock: 1_000)
        var numbers: Set<String> = []
        for _ in 0..<200 {
            let order = try await shop.order(#"{"items":[{"sku":"chai","quantity":1}]}"#)
            #expect(order.number.count <= 13 && order.number.hasPrefix("M-"))
            #expect(try await shop.find(order).number == order.number)
            numbers.insert(order.number)
        }
        #expect(numbers.count == 200)
        let number = try #require(numbers.first)
        let failure = await #expect(throws: Failure.self) {
            try await shop.read { try shop.commerce.orders.find(number: number, of: Tenant(2), in: $0) }
        }
        #expect(failure?.code == "not_found")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func fiveHundredLinesAreAnOrderAndNoMore(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine, stock: 1_000)
        let items = Array(repeating: #"{"sku":"chai","quantity":1}"#, count: 501)
        let order = try await shop.order(#"{"items":[\#(items.dropLast().joined(separator: ","))]}"#)
        #expect(order.lines?.count == 500 && order.amounts.subtotal.description == "9125.00")
        #expect(try await shop.find(order) == order)
        #expect(try await shop.stock("chai") == [1_000, 500])
        let failure = await #expect(throws: Failure.self) {
            try await shop.order(#"{"items":[\#(items.joined(separator: ","))]}"#)
        }
        #expect(failure?.errors.map(\.pointer) == ["/items"])
    }
}
