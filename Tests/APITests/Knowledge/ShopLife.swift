import ChangeLog
import Commerce
import Core
import TestKit

/// What happens in a shop, at random: things come, change and go, and all skus come again.
struct ShopLife: Sendable {
    let tenant: Tenant
    private let commerce = Commerce()
    private var random: SeededRandom
    private var customers: [Identifier] = []
    private var products: [Identifier] = []
    private var orders: [Identifier] = []
    private var reservations: [Identifier] = []
    private let skus = ["chai", "tofu", "milk", "beer", "rice", "salt", "corn", "kale"]

    init(of tenant: Tenant = .first, seed: UInt64) {
        self.tenant = tenant
        random = SeededRandom(seed: seed)
    }

    private typealias Step = @Sendable (UnitOfWork, Commerce) throws -> Identifier?

    /// Does one thing.
    mutating func live(in store: TestStore) async throws {
        let (step, list) = next()
        if let made = try await perform(step, in: store), let list { self[keyPath: list].append(made) }
    }

    /// Makes an order of some of the skus, once there are any.
    mutating func order(in store: TestStore) async throws {
        while true {
            if let order = try await perform(placeOrder(), in: store) {
                orders.append(order)
                return
            }
            try await live(in: store)
        }
    }

    /// - returns: what was made. What the shop refuses was worth a try.
    private func perform(_ step: @escaping Step, in store: TestStore) async throws -> Identifier? {
        store.time.advance(bySeconds: 1)
        let context = ChangeContext(tenant: tenant, actor: "test")
        do {
            return try await store.log.write(context) { [commerce] in try step($0, commerce) }.value
        } catch let failure as Failure where [.conflict, .notFound, .invalid].contains(failure.kind) {
            return nil
        }
    }

    private mutating func next() -> (step: Step, list: WritableKeyPath<ShopLife, [Identifier]>?) {
        switch Int.random(in: 0..<16, using: &random) {
        case 0: (placeCustomer(), \.customers)
        case 1...3: (placeProduct(), \.products)
        case 4...6: (placeOrder(), \.orders)
        case 7, 8: (placeReservation(), \.reservations)
        case 9: (changeCustomer(), nil)
        case 10, 11: (changeProduct(), nil)
        case 12: (removeProduct(), nil)
        case 13, 14: (changeOrder(), nil)
        default: (endReservation(), nil)
        }
    }

    private mutating func pick<T>(_ choices: [T], _ fallback: T) -> T {
        choices.randomElement(using: &random) ?? fallback
    }

    private mutating func sku() -> String { pick(skus, "chai") }
    private mutating func number() -> Int { Int.random(in: 1...9, using: &random) }

    // MARK: Customers and products

    private mutating func placeCustomer() -> Step {
        let body = #"{"name": "customer \#(number())", "company": "company \#(number())", "tags": ["t\#(number())"]}"#
        return { try $1.customers.create(try ShopWorld.read(body) { CustomerDraft(&$0) }, in: $0).id }
    }

    private mutating func changeCustomer() -> Step {
        let (id, isGone) = (pick(customers, unknown), number() > 6)
        let patch = #"{"name": "customer \#(number())"}"#
        return { unit, commerce in
            if isGone {
                try commerce.customers.delete(id, expecting: nil, in: unit)
            } else {
                let patch = try ShopWorld.read(patch) { CustomerPatch(&$0) }
                _ = try commerce.customers.update(id, patch, expecting: nil, in: unit)
            }
            return nil
        }
    }

    private mutating func attributes() -> String {
        let category = pick([#""drinks""#, #""food""#, "null"], "null")
        return #"{"category": \#(category), "supplier_id": \#(number() % 3)}"#
    }

    private mutating func placeProduct() -> Step {
        let skus = skus.shuffled(using: &random).prefix(1 + number() % 3)
        let variants = skus.dropFirst().map { #"{"sku": "\#($0)", "name": "\#($0)"}"# }.joined(separator: ", ")
        let body = """
            {"sku": "\(skus.first ?? "chai")", "name": "product \(number())", "price": "3.00", "currency": "USD",
             "variants": [\(variants)], "attributes": \(attributes())}
            """
        let stock = Int64(number())
        return { unit, commerce in
            let product = try commerce.products.create(try ShopWorld.read(body) { ProductDraft(&$0) }, in: unit)
            for sku in skus {
                _ = try commerce.inventory.receive(StockMovement(sku: sku, quantity: stock), in: unit)
            }
            return product.id
        }
    }

    private mutating func changeProduct() -> Step {
        let (id, sku, other, kind) = (pick(products, unknown), sku(), sku(), number())
        let patch = #"{"name": "product \#(number())", "attributes": \#(attributes())}"#
        return { unit, commerce in
            switch kind {
            case 1, 2:
                let draft = try ShopWorld.read(#"{"sku": "\#(sku)"}"#) { VariantDraft(&$0) }
                _ = try commerce.products.addVariant(draft, to: id, expecting: nil, in: unit)
            case 3, 4:
                _ = try commerce.inventory.count(StockMovement(sku: sku, quantity: 0), in: unit)
                let patch = try ShopWorld.read(#"{"sku": "\#(other)"}"#) { VariantPatch(&$0) }
                _ = try commerce.products.updateVariant(sku, of: id, patch, expecting: nil, in: unit)
            case 5:
                _ = try commerce.inventory.count(StockMovement(sku: sku, quantity: 0), in: unit)
                try commerce.products.removeVariant(sku, of: id, expecting: nil, in: unit)
            default:
                let patch = try ShopWorld.read(patch) { ProductPatch(&$0) }
                _ = try commerce.products.update(id, patch, expecting: nil, in: unit)
            }
            return nil
        }
    }

    private mutating func removeProduct() -> Step {
        let id = pick(products, unknown)
        return { unit, commerce in
            let product = try commerce.products.find(id, of: unit.tenant, in: unit.transaction)
            for sku in product.allVariants.map(\.sku) {
                _ = try commerce.inventory.count(StockMovement(sku: sku, quantity: 0), in: unit)
            }
            try commerce.products.delete(id, expecting: nil, in: unit)
            return nil
        }
    }

    // MARK: Orders and reservations

    private mutating func placeOrder() -> Step {
        let items = (0...number() % 3).map { _ in #"{"sku": "\#(sku())", "quantity": \#(number())}"# }
        let buyer = customers.randomElement(using: &random).map { #""customer_id": "\#($0)","# } ?? ""
        let body = """
            {\(buyer) "items": [\(items.joined(separator: ", "))], "reserve": \(number() > 6)}
            """
        return { try $1.orders.create(try ShopWorld.read(body) { OrderDraft(&$0) }, in: $0).id }
    }

    private mutating func changeOrder() -> Step {
        let (id, sku, kind) = (pick(orders, unknown), sku(), number())
        return { unit, commerce in
            let order = try commerce.orders.find(id, of: unit.tenant, in: unit.transaction)
            switch kind {
            case 1, 2:
                let item = try ShopWorld.read(#"{"sku": "\#(sku)", "quantity": 1}"#) { OrderItemDraft(&$0) }
                _ = try commerce.orders.addLines([item], to: id, .init(), expecting: nil, in: unit)
            case 3, 4:
                let line = order.lines?.first?.id ?? id
                _ = try commerce.orders.removeLine(line, of: id, expecting: nil, in: unit)
            case 5, 6:
                let patch = try ShopWorld.read(#"{"notes": "\#(sku)"}"#) { OrderPatch(&$0) }
                _ = try commerce.orders.update(id, patch, expecting: nil, in: unit)
            default:
                guard let next = order.status.next.last else { return nil }
                _ = try commerce.orders.move(id, to: next, reason: nil, expecting: nil, in: unit)
            }
            return nil
        }
    }

    private mutating func placeReservation() -> Step {
        let request = ReservationRequest(sku: sku(), quantity: 1)
        return { try $1.inventory.reserve(request, in: $0).id }
    }

    private mutating func endReservation() -> Step {
        let (id, isCommitted) = (pick(reservations, unknown), number() > 5)
        return { unit, commerce in
            _ =
                isCommitted
                ? try commerce.inventory.commit(id, in: unit) : try commerce.inventory.release(id, in: unit)
            return nil
        }
    }

    private let unknown = Identifier(hashing: [])
}
