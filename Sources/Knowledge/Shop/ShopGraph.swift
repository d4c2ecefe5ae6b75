import ChangeLog
import Core

/// The graph of a shop, as its changes in the log and its tables tell of it: customers, products with their variants,
/// categories and suppliers, orders and reservations.
///
/// It reads the JSON of the log and knows nothing else of the shop. The same always makes the same of the same ids, so
/// to apply it twice is the same as once. What there is in the end depends on what stands in the tables then, not on
/// how it came to be so: a graph that is made of the tables is the one that would have been made of all changes.
enum ShopGraph {
    /// The part of the graph that it is.
    static let group = "commerce"
    /// The types of entities that it is made of. The changes of a product tell of its variants.
    static let types = ["customer", "product", "order", "reservation"]
    /// The relation between a reservation and a variant.
    static let reserves = "RESERVES"

    /// What products name in passing: the attribute, and what becomes of it.
    private static let namings = [
        Naming(attribute: "category", label: "Category", relation: "IN_CATEGORY", verb: "is in the category"),
        Naming(attribute: "supplier", label: "Supplier", relation: "SUPPLIED_BY", verb: "is supplied by"),
    ]

    private struct Naming {
        let attribute: String
        let label: String
        let relation: String
        let verb: String

        /// The node of what a product names.
        func node(of product: FeedEntity) -> GraphNode? {
            guard let name = product.attribute(attribute) ?? product.attribute("\(attribute)_id") else { return nil }
            return product.node("\(attribute):\(name)", label, name: name)
        }
    }

    /// What a thing makes of it.
    ///
    /// - parameters:
    ///   - type: what it is called in the log.
    ///   - before: what it was, if that is known: what it had and has no more goes.
    static func update(of type: String, _ entity: FeedEntity, before: FeedEntity? = nil) -> ShopUpdate? {
        switch type {
        case "customer": customer(entity)
        case "product": product(entity, before: before)
        case "order": order(entity, before: before)
        case "reservation": reservation(entity)
        default: nil
        }
    }

    /// What the end of a thing makes of it.
    static func update(withoutEntity entity: FeedEntity, of type: String) -> ShopUpdate? {
        guard types.contains(type), let id = entity.id(type) else { return nil }
        var update = ShopUpdate(goneNodes: [id])
        guard type == "product" else { return update }
        update.goneVariants = variants(of: entity)
        update.orphans = orphans(of: entity)
        return update
    }

    /// Whether an element is of the graph that the shop makes, and not of what somebody wrote beside it.
    static func isPart(_ element: StoredFields) throws -> Bool {
        guard try element.text("group_id") == group else { return false }
        return try element.object("attributes")["source"] == .string(group)
    }

    /// What becomes of an element of the graph that nothing in the shop makes any more.
    static func update(without kind: ElementKind, _ id: String) -> ShopUpdate {
        switch kind {
        case .episode: return ShopUpdate()
        case .edge: return ShopUpdate(goneEdges: [id])
        case .node: break
        }
        // One that was written before names were corrected is not what would be made of its name now.
        guard id.utf8.elementsEqual(GraphName.corrected(id).utf8) else { return ShopUpdate(goneNodes: [id]) }
        if let sku = id.dropping(prefix: "variant:") { return ShopUpdate(goneVariants: [variantNode(sku)]) }
        if let naming = namings.first(where: { id.dropping(prefix: "\($0.attribute):") != nil }) {
            return ShopUpdate(orphans: [.init(id: id, relation: naming.relation)])
        }
        return ShopUpdate(goneNodes: [id])
    }

    private static func customer(_ entity: FeedEntity) -> ShopUpdate? {
        guard let id = entity.id("customer") else { return nil }
        let node = entity.node(
            id, "Customer", name: entity.text("name") ?? "", summary: entity.text("company") ?? "",
            keeping: ["external_id", "tags"])
        return ShopUpdate(nodes: [node])
    }

    // MARK: The catalogue

    /// - parameter before: the product before the change, which may have had other variants.
    private static func product(_ entity: FeedEntity, before: FeedEntity?) -> ShopUpdate? {
        guard let id = entity.id("product") else { return nil }
        let name = entity.text("name") ?? ""
        var update = ShopUpdate(nodes: [
            entity.node(
                id, "Product", name: name, summary: entity.text("description") ?? "",
                keeping: ["sku", "price", "currency", "active", "tags", "external_id"])
        ])
        for naming in namings {
            let edge = "\(id)/\(naming.attribute)"
            guard let node = naming.node(of: entity) else {
                update.goneEdges.append(edge)
                continue
            }
            update.others.append(node)
            update.lasting.append(
                entity.edge(
                    edge, from: id, naming.relation, to: node.header.id, fact: "\(name) \(naming.verb) \(node.name)"))
        }
        for variant in entity.objects("variants") { add(variant, of: id, to: &update) }
        if let before {
            let stay = Set((update.nodes + update.others).map(\.header.id))
            update.goneVariants = variants(of: before).filter { !stay.contains($0.header.id) }
            update.orphans = orphans(of: before).filter { !stay.contains($0.id) }
        }
        return update
    }

    private static func add(_ variant: FeedEntity, of product: String, to update: inout ShopUpdate) {
        guard let sku = variant.text("sku") else { return }
        let name = variant.text("name").flatMap { $0.isEmpty ? nil : $0 } ?? sku
        let node = variant.node(
            variantID(sku), "Variant", name: name, keeping: ["sku", "price", "currency", "active"])
        update.nodes.append(node)
        update.lasting.append(
            variant.edge(
                parentEdge(ofVariant: node.header.id), from: node.header.id, "VARIANT_OF", to: product,
                fact: "\(sku) is a variant of \(name)"))
    }

    private static func variantID(_ sku: String) -> String { "variant:\(sku)" }

    /// The id of the edge that leads from a variant to its product.
    static func parentEdge(ofVariant id: String) -> String { "\(id)/product" }

    /// A variant of which nothing is known but its sku.
    private static func variantNode(_ sku: String, _ entity: FeedEntity = .unknown) -> GraphNode {
        entity.node(variantID(sku), "Variant", name: sku)
    }

    /// The variants of a product beside the default one, with nothing but their skus.
    private static func variants(of product: FeedEntity) -> [GraphNode] {
        product.objects("variants").compactMap { $0.text("sku") }.map { variantNode($0, product) }
    }

    /// What a product names, which goes if no other product does.
    private static func orphans(of product: FeedEntity) -> [ShopUpdate.Orphan] {
        namings.compactMap { naming in
            naming.node(of: product).map { .init(id: $0.header.id, relation: naming.relation) }
        }
    }

    // MARK: Orders

    /// - parameter before: the order before the change, whose lines may be gone.
    private static func order(_ entity: FeedEntity, before: FeedEntity?) -> ShopUpdate? {
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

    private static func reservation(_ entity: FeedEntity) -> ShopUpdate? {
        guard let id = entity.id("reservation"), let sku = entity.text("sku") else { return nil }
        let state = entity.text("state") ?? ""
        let period = ShopPeriod(
            from: entity.time("created_at"), to: state == "held" ? nil : entity.time("updated_at"))
        let node = entity.node(
            id, "Reservation", name: "reservation of \(sku)",
            keeping: ["sku", "quantity", "location", "state", "reference"])
        let variant = variantNode(sku, entity)
        var update = ShopUpdate(nodes: [node], others: [variant])
        update.edges.append(
            entity.edge(
                "\(id)/variant", from: id, reserves, to: variant.header.id, fact: "\(sku) is reserved", period,
                weight: entity.number("quantity") ?? 1))
        if let order = entity.text("order_id").map({ "order:\($0)" }) {
            update.others.append(entity.node(order, "Order", name: order))
            update.edges.append(
                entity.edge("\(id)/order", from: id, "RESERVED_FOR", to: order, fact: "\(sku) is reserved", period))
        }
        return update
    }
}

extension String {
    /// By bytes: a mark that combines with the end of the prefix is of what follows.
    fileprivate func dropping(prefix: String) -> String? {
        utf8.starts(with: prefix.utf8) ? String(decoding: utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : nil
    }
}
