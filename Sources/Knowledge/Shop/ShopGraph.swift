import ChangeLog
import Core

/// The graph of a shop, as its changes in the log tell of it: customers, products with their variants, categories and
/// suppliers, orders and reservations.
///
/// It reads the JSON of the log and knows nothing else of the shop. The same change always makes the same of the same
/// ids, so to apply it twice is the same as once.
enum ShopGraph {
    /// The part of the graph that it is.
    static let group = "commerce"
    /// The types of entities that it is made of.
    static let types: Set<String> = ["customer", "product", "variant", "order", "reservation"]

    /// What a change makes of it; nil for nothing.
    static func update(by change: Change) throws -> ShopUpdate? {
        guard change.operation != .custom, let document = change.after ?? change.before else { return nil }
        let entity = try ShopEntity(document, at: change.time)
        guard change.after != nil else {
            guard let id = id(of: entity, change) else { return nil }
            return ShopUpdate(goneNodes: [id])
        }
        switch change.entityType {
        case "customer": return customer(entity)
        case "product": return product(entity)
        case "variant": return variant(entity)
        case "order": return order(entity, before: try change.before.map { try ShopEntity($0, at: change.time) })
        case "reservation": return reservation(entity)
        default: return nil
        }
    }

    private static func id(of entity: ShopEntity, _ change: Change) -> String? {
        change.entityType == "variant" ? entity.text("sku").map(variantID) : entity.id(change.entityType)
    }

    private static func variantID(_ sku: String) -> String { "variant:\(GraphName.normalized(sku))" }

    private static func customer(_ entity: ShopEntity) -> ShopUpdate? {
        guard let id = entity.id("customer") else { return nil }
        let node = entity.node(
            id, "Customer", name: entity.text("name") ?? "", summary: entity.text("company") ?? "",
            keeping: ["external_id", "tags"])
        return ShopUpdate(nodes: [node])
    }

    // MARK: The catalogue

    private static func product(_ entity: ShopEntity) -> ShopUpdate? {
        guard let id = entity.id("product") else { return nil }
        let name = entity.text("name") ?? ""
        var update = ShopUpdate(nodes: [
            entity.node(
                id, "Product", name: name, summary: entity.text("description") ?? "",
                keeping: ["sku", "price", "currency", "active", "tags", "external_id"])
        ])
        for (attribute, label, relation, verb) in [
            ("category", "Category", "IN_CATEGORY", "is in the category"),
            ("supplier", "Supplier", "SUPPLIED_BY", "is supplied by"),
        ] {
            let edge = "\(id)/\(attribute)"
            guard let other = entity.attribute(attribute) ?? entity.attribute("\(attribute)_id") else {
                update.goneEdges.append(edge)
                continue
            }
            let node = entity.node("\(attribute):\(GraphName.normalized(other))", label, name: other)
            update.others.append(node)
            update.edges.append(
                entity.edge(edge, from: id, relation, to: node.header.id, fact: "\(name) \(verb) \(other)"))
        }
        return update
    }

    private static func variant(_ entity: ShopEntity) -> ShopUpdate? {
        guard let sku = entity.text("sku"), let product = entity.text("product_id") else { return nil }
        let name = entity.text("name") ?? sku
        let node = entity.node(
            variantID(sku), "Variant", name: name.isEmpty ? sku : name, keeping: ["sku", "price", "currency", "active"])
        let parent = entity.node("product:\(product)", "Product", name: name)
        let edge = entity.edge(
            "\(variantID(sku))/product", from: node.header.id, "VARIANT_OF", to: parent.header.id,
            fact: "\(sku) is a variant of \(name)")
        return ShopUpdate(nodes: [node], others: [parent], edges: [edge])
    }

    // MARK: Orders

    /// - parameter before: the order before the change, whose lines may be gone.
    private static func order(_ entity: ShopEntity, before: ShopEntity?) -> ShopUpdate? {
        guard let id = entity.id("order") else { return nil }
        let number = entity.text("order_number") ?? ""
        var update = ShopUpdate(nodes: [
            entity.node(
                id, "Order", name: number,
                keeping: ["status", "payment_status", "fulfillment_status", "total_amount", "currency", "external_id"])
        ])
        // What was cancelled holds no more, and stays known.
        let isCancelled = entity.text("status") == "cancelled"
        let period = ShopPeriod(
            from: entity.time("order_date"), to: isCancelled ? entity.time("updated_at") : nil)
        let customer = entity.text("customer_id").map { "customer:\($0)" }
        if let customer {
            update.others.append(entity.node(customer, "Customer", name: customer))
            update.edges.append(
                entity.edge("\(id)/customer", from: customer, "PLACED", to: id, fact: "order \(number)", period))
        }
        let lines = Set(entity.objects("items").compactMap { $0.text("id") })
        if !lines.isEmpty {
            let gone = (before?.objects("items") ?? []).compactMap { $0.text("id") }.filter { !lines.contains($0) }
            update.goneEdges = gone.flatMap { ["\(id)/line/\($0)", "\(id)/bought/\($0)"] }
        }
        for line in entity.objects("items") {
            guard let lineID = line.text("id"), let product = line.text("product_id").map({ "product:\($0)" }) else {
                continue
            }
            let name = line.text("name") ?? line.text("sku") ?? ""
            let quantity = line.number("quantity") ?? 1
            update.others.append(entity.node(product, "Product", name: name))
            update.edges.append(
                entity.edge(
                    "\(id)/line/\(lineID)", from: id, "CONTAINS", to: product,
                    fact: "order \(number) contains \(name)", period, weight: quantity))
            guard let customer else { continue }
            update.edges.append(
                entity.edge(
                    "\(id)/bought/\(lineID)", from: customer, "BOUGHT", to: product, fact: "bought \(name)", period,
                    weight: quantity))
        }
        return update
    }

    private static func reservation(_ entity: ShopEntity) -> ShopUpdate? {
        guard let id = entity.id("reservation"), let sku = entity.text("sku") else { return nil }
        let state = entity.text("state") ?? ""
        let period = ShopPeriod(
            from: entity.time("created_at"), to: state == "held" ? nil : entity.time("updated_at"))
        let node = entity.node(
            id, "Reservation", name: "reservation of \(sku)",
            keeping: ["sku", "quantity", "location", "state", "reference"])
        let variant = entity.node(variantID(sku), "Variant", name: sku)
        var update = ShopUpdate(nodes: [node], others: [variant])
        update.edges.append(
            entity.edge(
                "\(id)/variant", from: id, "RESERVES", to: variant.header.id, fact: "\(sku) is reserved", period,
                weight: entity.number("quantity") ?? 1))
        if let order = entity.text("order_id").map({ "order:\($0)" }) {
            update.others.append(entity.node(order, "Order", name: order))
            update.edges.append(
                entity.edge("\(id)/order", from: id, "RESERVED_FOR", to: order, fact: "\(sku) is reserved", period))
        }
        return update
    }
}
