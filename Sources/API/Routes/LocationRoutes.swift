public import Commerce
import Core
import HTTPTypes
import Storage

extension Routes {
    /// The places where stock lies.
    public static func locationRoutes(_ commerce: Commerce) -> [Route] {
        let locations = commerce.inventory.locations
        return [
            .read(.get, "/api/v1/locations", scope: "inventory:read") { request in
                let page = try request.readQuery { $0.page() }
                return { .page(try locations.list(page, of: request.tenant, in: $0)) }
            },
            .write(.post, "/api/v1/locations", scope: "inventory:write") { request in
                let draft = try request.readBody { LocationDraft(&$0) }
                return { unit in
                    let location = try locations.create(draft, in: unit)
                    return .created(location, at: "/api/v1/locations/\(location.id)")
                }
            },
            .read(.get, "/api/v1/locations/{id}", scope: "inventory:read") { request in
                let id = try request.identifier("id")
                return { .ok(try locations.find(id, of: request.tenant, in: $0)) }
            },
            .write(.patch, "/api/v1/locations/{id}", scope: "inventory:write") { request in
                let id = try request.identifier("id")
                let version = try request.requireVersion()
                let patch = try request.readBody { LocationPatch(&$0) }
                return { .ok(try locations.update(id, patch, expecting: version, in: $0)) }
            },
        ]
    }
}
