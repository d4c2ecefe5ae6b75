import Caching
import ChangeLog
import Core

extension APIServices {
    /// Answers with the image of an entity, from the cache or else from the database.
    func readEntity(
        _ reading: Route.EntityReading, _ request: APIRequest
    ) async throws -> (response: APIResponse, position: LogPosition) {
        let (id, key) = try Self.entity(reading, request)
        if hasSeenMore(request) {
            let read = try await log.read(atLeast: request.seenPosition) { [tenant = request.tenant] in
                try reading.find(id, tenant, $0)
            }
            return (.image(read.value, .bypass), read.position)
        }
        // Before the look: an image that is there afterwards is valid for this position, or for a later one.
        let seen = request.seenPosition
        let answer = try await cache.answer(for: .entity(key), at: log.head, atLeast: seen ?? .start) {
            [log, tenant = request.tenant] in
            let read = try await log.read(atLeast: seen) { try reading.find(id, tenant, $0) }
            return Cache.Computed(read.value, at: read.position)
        }
        return (.image(answer.image, CacheStatus(answer)), answer.position)
    }

    /// Does the same if nothing has to be waited for; else nil.
    func readEntityAtOnce(
        _ reading: Route.EntityReading, _ request: APIRequest, within time: Duration
    ) throws -> (response: APIResponse, position: LogPosition)? {
        let (id, key) = try Self.entity(reading, request)
        let position = log.head
        if let image = cache.find(.entity(key), countsMiss: !cache.hasRedis) {
            return (.image(image, .memory), position)
        }
        // Redis may have it, and asking that takes a wait.
        guard !cache.hasRedis else { return nil }
        return try log.readAtOnce(within: time) { try reading.find(id, request.tenant, $0) }.map { read in
            let isStored = cache.keep(Cache.Computed(read.value, at: read.position), for: .entity(key))
            return (.image(read.value, .computed(isStored: isStored)), read.position)
        }
    }

    /// Whether a client has seen a change that is not settled: the caches may not have heard of it, and what it tells
    /// is in the database alone.
    func hasSeenMore(_ request: APIRequest) -> Bool { request.seenPosition.map { $0 > log.head } ?? false }

    private static func entity(
        _ reading: Route.EntityReading, _ request: APIRequest
    ) throws -> (id: Identifier, key: EntityCache.Key) {
        let id = try request.identifier("id")
        return (id, EntityCache.Key(request.tenant, reading.entityType, id))
    }
}
