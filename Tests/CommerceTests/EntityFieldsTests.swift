import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// The list of fields holds what images have, and nothing else.
@Suite struct EntityFieldsTests {
    @Test func theListHasTheFieldsOfTheImages() async throws {
        let shop = try await FulfilmentShop(.sqlite)
        try await fill(shop)
        var found: [String: Set<String>] = [:]
        for change in try await changes(of: shop) {
            for image in [change.after, change.before].compactMap({ $0 }) {
                Self.collect(try JSONParser.parse(image), at: "", into: &found[change.entityType, default: []])
            }
        }
        #expect(found.keys.sorted() == EntityFields.all.keys.sorted())
        for (type, listed) in EntityFields.all {
            let open = listed.filter { $0.hasSuffix(".*") }.map { String($0.dropLast(1)) }
            let all = found[type, default: []]
            // What is an object in one image is null in another.
            let leaves = all.filter { path in !all.contains { $0.hasPrefix(path + ".") } }
            let paths = Set(
                leaves.map { path in open.first(where: path.hasPrefix).map { $0 + "*" } ?? path })
            #expect(Set(listed).subtracting(paths).sorted() == [], "\(type) never has these")
            #expect(paths.subtracting(listed).sorted() == [], "\(type) has these too")
        }
    }

    /// The leaves of an image.
    private static func collect(_ value: JSONValue, at path: String, into paths: inout Set<String>) {
        switch value {
        case .object(let object):
            for member in object.members {
                collect(member.value, at: path.isEmpty ? member.name : "\(path).\(member.name)", into: &paths)
            }
        case .array(let values): for value in values { collect(value, at: path + "[]", into: &paths) }
        default: paths.insert(path)
        }
    }

    private func changes(of shop: FulfilmentShop) async throws -> [Change] {
        let head = try await shop.store.settledHead()
        return try await shop.store.database.read {
            try ChangeLog.batch(after: .start, upTo: head, limit: 1_000, types: nil, in: $0).changes
        }
    }

    /// Makes one of each, with all that it can have.
    private func fill(_ shop: FulfilmentShop) async throws {
        let address = """
            {"name":"A","company":"B","line1":"C","line2":"D","city":"E","region":"F","postal_code":"G","country":"GB",
             "phone":"1"}
            """
        let customer = try decode(
            """
            {"name":"A","tags":["x"],"addresses":[{"type":"billing","name":"A","company":"B","line1":"C","line2":"D",
             "city":"E","region":"F","postal_code":"G","country":"GB","phone":"1","is_default":true}]}
            """
        ) { CustomerDraft(&$0) }
        let product = try decode(
            """
            {"sku":"P","name":"P","price":"2.00","currency":"USD","tags":["x"],"attributes":{"origin":{"land":"GB"}},
             "variants":[{"sku":"P-1","name":"one","options":{"size":"L"},"price":"2.00"}]}
            """
        ) { ProductDraft(&$0) }
        let order = try await shop.confirmedOrder(["tea": 2])
        try await shop.write { commerce, unit in
            _ = try commerce.customers.create(customer, in: unit)
            _ = try commerce.products.create(product, in: unit)
            let patch = try decode(#"{"shipping_address":\#(address),"billing_address":\#(address)}"#) {
                OrderPatch(&$0)
            }
            _ = try commerce.orders.update(order.id, patch, expecting: nil, in: unit)
            let payment = try decode(#"{"amount":"\#(order.amounts.total)"}"#) { PaymentDraft(&$0) }
            _ = try commerce.payments.pay(order: order.id, payment, in: unit)
        }
        let shipment = try await shop.ship(order.id)
        try await shop.write { commerce, unit in
            _ = try commerce.shipments.move(shipment.id, to: .delivered, in: unit)
        }
        let line = try await shop.order(order.id).line("tea")
        try await shop.write { commerce, unit in
            _ = try commerce.returns.create(ReturnDraft(lines: [.init(line, 1)], reason: "x"), of: order.id, in: unit)
        }
    }
}
