import Caching
import ChangeLog
import Core

extension APIServices {
    /// Answers with the image of an entity, from the cache or else from the database.
    func readEntity(
        _ reading: Route.EntityReading, _ request: APIRequest
    ) async throws -> (response: APIResponse, position: LogPosition) {
        let (id, key) = try Self.entity(reading, request)
        if let known = cached(key, request.seenPosition) { return known }
        let answer = try await log.read { try reading.find(id, request.tenant, $0) }
        return keep(answer, for: key)
    }

    /// Does the same if nothing has to be waited for; else nil.
    func readEntityAtOnce(
        _ reading: Route.EntityReading, _ request: APIRequest, within time: Duration
    ) throws -> (response: APIResponse, position: LogPosition)? {
        let (id, key) = try Self.entity(reading, request)
        if let known = cached(key, request.seenPosition) { return known }
        return try log.readAtOnce(within: time) { try reading.find(id, request.tenant, $0) }
            .map { keep($0, for: key) }
    }

    private static func entity(
        _ reading: Route.EntityReading, _ request: APIRequest
    ) throws -> (id: Identifier, key: EntityCache.Key) {
        let id = try request.identifier("id")
        return (id, EntityCache.Key(request.tenant, reading.entityType, id))
    }

    private func cached(
        _ key: EntityCache.Key, _ seen: LogPosition?
    ) -> (response: APIResponse, position: LogPosition)? {
        // The cache has heard of what is settled. What a client has seen beyond that is in the database alone.
        if let seen, seen > log.head { return nil }
        // Before the look: an image that is there afterwards is valid for this position, or for a later one.
        let position = log.head
        return log.cache.find(key).map { (.json($0.json, version: $0.version), position) }
    }

    private func keep(
        _ answer: ChangeLog.Written<EntityCache.Image>, for key: EntityCache.Key
    ) -> (response: APIResponse, position: LogPosition) {
        log.cache.keep(answer.value, for: key, readAt: answer.position)
        return (.json(answer.value.json, version: answer.value.version), answer.position)
    }
}
