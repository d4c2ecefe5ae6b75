import Core
import HTTPTypes
public import Observers
import Storage

extension Routes {
    /// The observers, the events that they see, and what they could not deliver.
    public static func observerRoutes(_ role: ObserverRole) -> [Route] {
        reading(role.observers) + writing(role.observers) + moving(role.observers) + eventRoutes(role)
            + deadLetterRoutes(role.deadLetters)
    }

    private static func reading(_ observers: Observers) -> [Route] {
        [
            .read(.get, "/api/v1/observers", scope: "observers:read") { request in
                let page = try request.readQuery { $0.page() }
                return { .page(try observers.list(page, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/observers/{id}", scope: "observers:read") { request in
                let key = ObserverKey(try request.parameter("id"))
                return { .ok(try observers.find(key, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/observers/{id}/versions", scope: "observers:read") { request in
                let key = ObserverKey(try request.parameter("id"))
                let page = try request.readQuery { $0.page() }
                return { .page(try observers.versions(key, page, of: request.tenant, in: $0)) }
            },
        ]
    }

    private static func writing(_ observers: Observers) -> [Route] {
        [
            .write(.post, "/api/v1/observers", scope: "observers:write", isolation: .readCommitted) { request in
                let definition = try observers.read(request.json(), of: request.tenant)
                return { unit in
                    let observer = try observers.create(definition, in: unit)
                    return .created(observer, at: "/api/v1/observers/\(observer.id)")
                }
            },
            .write(.put, "/api/v1/observers/{id}", scope: "observers:write", isolation: .readCommitted) { request in
                let key = ObserverKey(try request.parameter("id"))
                let version = try request.requireVersion()
                let definition = try observers.read(request.json(), of: request.tenant)
                return { .ok(try observers.replace(key, definition, expecting: version, in: $0)) }
            },
            .write(.patch, "/api/v1/observers/{id}", scope: "observers:write", isolation: .readCommitted) { request in
                let key = ObserverKey(try request.parameter("id"))
                let version = try request.requireVersion()
                guard case .object(let patch) = try request.json() else {
                    throw Failure.invalid(at: "", "An object is expected.")
                }
                return { .ok(try observers.update(key, patch, expecting: version, in: $0)) }
            },
            .write(.delete, "/api/v1/observers/{id}", scope: "observers:write", isolation: .readCommitted) { request in
                let key = ObserverKey(try request.parameter("id"))
                let version = try request.requireVersion()
                return { unit in
                    try observers.delete(key, expecting: version, in: unit)
                    return .noContent
                }
            },
        ]
    }

    private static func moving(_ observers: Observers) -> [Route] {
        [
            .write(.post, "/api/v1/observers/{id}/pause", scope: "observers:write", isolation: .readCommitted) {
                request in
                let key = ObserverKey(try request.parameter("id"))
                return { .ok(try observers.pause(key, in: $0)) }
            },
            .write(.post, "/api/v1/observers/{id}/resume", scope: "observers:write", isolation: .readCommitted) {
                request in
                let key = ObserverKey(try request.parameter("id"))
                return { .ok(try observers.resume(key, in: $0)) }
            },
            .write(.post, "/api/v1/observers/{id}/replay", scope: "observers:write", isolation: .readCommitted) {
                request in
                let key = ObserverKey(try request.parameter("id"))
                let (first, last) = try request.readQuery { ($0.replayBound("from"), $0.replayBound("to")) }
                return { .ok(try observers.replay(key, from: first, to: last, in: $0)) }
            },
        ]
    }
}

extension QueryReader {
    /// A position of the log or a moment.
    fileprivate mutating func replayBound(_ name: String) -> ReplayBound? {
        guard let text = optionalString(name, length: 1...64) else { return nil }
        guard let bound = ReplayBound(text) else {
            reject(name, "A position of the log or a time in RFC 3339 is expected, for example 2026-11-21T09:30:00Z.")
            return nil
        }
        return bound
    }
}
