public import Commerce
import Core
import HTTPTypes
import Storage

extension Routes {
    /// The catalogue. What things cost is shown to, and taken from, credentials with the scope `products:cost` only.
    public static func productRoutes(_ commerce: Commerce) -> [Route] {
        reading(commerce.products) + writing(commerce.products)
    }

    private static func reading(_ products: Products) -> [Route] {
        [
            .read(.get, "/api/v1/products", scope: "products:read") { request in
                let (filter, page) = try request.readQuery { (ProductFilter(&$0), $0.page()) }
                return { .products(try products.list(filter, page, of: request.tenant, in: $0), for: request) }
            }.cached(until: "product", varying: [APIRequest.costScope]),
            .read(.get, "/api/v1/products/{id}", scope: "products:read") { request in
                let id = try request.identifier("id")
                return { .product(try products.find(id, of: request.tenant, in: $0), for: request) }
            },
            .read(.get, "/api/v1/products/by-sku/{sku}", scope: "products:read") { request in
                let sku = try request.parameter("sku")
                return { .product(try products.find(sku: sku, of: request.tenant, in: $0), for: request) }
            },
        ]
    }

    private static func writing(_ products: Products) -> [Route] {
        [
            .write(.post, "/api/v1/products", scope: "products:write") { request in
                let draft = try request.readBody { ProductDraft(&$0) }
                try request.requireCostScope(draft.namesCost)
                return { unit in
                    let product = try products.create(draft, in: unit)
                    return .product(product, for: request, isNew: true)
                }
            },
            .write(.post, "/api/v1/products/bulk", scope: "products:write", bodyLimit: .bulk) { request in
                let bulk = try request.readBody { try Bulk(products: &$0) }
                try request.requireCostScope(bulk.namesCost)
                return { .ok(try products.upsert(bulk, in: $0)) }
            },
            .write(.patch, "/api/v1/products/{id}", scope: "products:write") { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let patch = try request.readBody { ProductPatch(&$0) }
                try request.requireCostScope(patch.namesCost)
                return { .product(try products.update(id, patch, expecting: version, in: $0), for: request) }
            },
            .write(.put, "/api/v1/products/{id}", scope: "products:write") { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let draft = try request.readBody { ProductDraft(replacing: &$0) }
                try request.requireCostScope(draft.namesCost)
                return { .product(try products.replace(id, draft, expecting: version, in: $0), for: request) }
            },
            .write(.delete, "/api/v1/products/{id}", scope: "products:write") { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                return { unit in
                    try products.delete(id, expecting: version, in: unit)
                    return .noContent
                }
            },
        ]
    }
}

extension ProductFilter {
    /// Reads the filters and the order of a list.
    fileprivate init(_ query: inout QueryReader) {
        self.init()
        isActive = query.optionalBool("active")
        tag = query.optionalString("tag", length: CatalogLimits.tag)
        sku = query.optionalString("sku", length: CatalogLimits.sku)
        externalID = query.optionalString("external_id", length: CatalogLimits.externalID)
        let order = query.sort(Sort.self, default: .createdAt, descending: true)
        sort = order.key
        descending = order.isDescending
    }
}

extension APIResponse {
    /// A product with its costs when the credential may see them.
    fileprivate static func product(_ product: Product, for request: APIRequest, isNew: Bool = false) -> APIResponse {
        let path = "/api/v1/products/\(product.id)"
        switch (request.showsCosts, isNew) {
        case (true, true): return .created(ProductWithCosts(product), at: path)
        case (true, false): return .ok(ProductWithCosts(product))
        case (false, true): return .created(product, at: path)
        case (false, false): return .ok(product)
        }
    }

    /// A page of products with their costs when the credential may see them.
    fileprivate static func products(_ page: Page<Product>, for request: APIRequest) -> APIResponse {
        guard request.showsCosts else { return .page(page) }
        return .page(Page(items: page.items.map(ProductWithCosts.init), next: page.next, total: page.total))
    }
}

extension APIRequest {
    static let costScope = "products:cost"

    /// Whether the credential may see what things cost.
    var showsCosts: Bool { credential.allows(Self.costScope) }

    /// Refuses a body that says what something cost from a credential that may not even see it.
    func requireCostScope(_ namesCost: Bool) throws {
        guard namesCost, !showsCosts else { return }
        throw Failure(
            .forbidden, code: "missing_scope",
            "The member cost needs the scope \(Self.costScope). Leave it out, or use a key that has the scope.",
            details: [.init("scope", .string(Self.costScope))])
    }
}
