public import Commerce
import Core
import HTTPTypes
import Storage

extension Routes {
    /// The variants of products beside the default one. Their `ETag` is that of their product.
    public static func variantRoutes(_ commerce: Commerce) -> [Route] {
        let products = commerce.products
        let path = "/api/v1/products/{id}/variants"
        return [
            .read(.get, path, scope: "products:read") { request in
                let id = try request.identifier("id")
                return { transaction in
                    let product = try products.find(id, of: request.tenant, in: transaction)
                    return .ok(VariantList(product, showsCosts: request.showsCosts))
                }
            },
            .write(.post, path, scope: "products:write") { request in
                let id = try request.identifier("id")
                let draft = try request.readBody { VariantDraft(&$0) }
                try request.requireCostScope(draft.patch.namesCost)
                return { unit in
                    let variant = try products.addVariant(draft, to: id, expecting: request.expectedVersion, in: unit)
                    return .created(
                        variant.showingCost(request.showsCosts),
                        at: "/api/v1/products/\(id)/variants/\(variant.variant.id)")
                }
            },
            .read(.get, path + "/{variant}", scope: "products:read") { request in
                let id = try request.identifier("id")
                let key = try request.parameter("variant")
                return { transaction in
                    let variant = try products.findVariant(key, of: id, of: request.tenant, in: transaction)
                    return .ok(variant.showingCost(request.showsCosts))
                }
            },
            .write(.patch, path + "/{variant}", scope: "products:write") { request in
                let id = try request.identifier("id")
                let key = try request.parameter("variant")
                let version = try request.requireVersion()
                let patch = try request.readBody { VariantPatch(&$0) }
                try request.requireCostScope(patch.namesCost)
                return { unit in
                    let variant = try products.updateVariant(key, of: id, patch, expecting: version, in: unit)
                    return .ok(variant.showingCost(request.showsCosts))
                }
            },
            .write(.delete, path + "/{variant}", scope: "products:write") { request in
                let id = try request.identifier("id")
                let key = try request.parameter("variant")
                let version = try request.requireVersion()
                return { unit in
                    try products.removeVariant(key, of: id, expecting: version, in: unit)
                    return .noContent
                }
            },
        ]
    }
}
