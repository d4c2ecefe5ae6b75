import ChangeLog
import Core
import HTTPTypes
import Memories
import Search
import Storage

extension MemoryRoutes {
    /// What memories were.
    func history() -> [Route] {
        [
            .read(.get, "/memories/{id}/history", scope: Self.read) { request in
                let key = try pointKey(request)
                let (namespace, limit, before) = try request.readQuery { query in
                    (
                        query.namespace(),
                        query.optionalInteger("limit", in: 1...1_000) ?? 100,
                        query.optionalInteger("cursor", in: 1...Int64.max)
                    )
                }
                let name = try memories.name(.memory, namespace: namespace)
                let (tenant, reach) = (request.tenant, UserReach(request))
                return { transaction in
                    guard let collection = try role.collections.find(name, of: tenant, in: transaction) else {
                        throw Points.notFound(key)
                    }
                    let found = try role.points.history.versions(
                        of: key, before: before.map { LogPosition($0) }, limit: Int(limit) + 1, of: collection,
                        in: transaction)
                    let versions = try found.filter { try reach.includes($0.point) }
                    guard before != nil || !versions.isEmpty else { throw Points.notFound(key) }
                    let next = found.count > limit ? found[Int(limit) - 1].point.position : nil
                    return .ok(MemoryHistory(key: key, versions: Array(versions.prefix(Int(limit))), next: next))
                }
            }
        ]
    }

    /// A memory as it is, or as it was at a position.
    func find(
        _ key: PointKey, in name: String, asOf position: LogPosition?, of tenant: Tenant, _ reach: UserReach,
        withVectors: Bool = false, in transaction: any ReadTransaction
    ) throws -> Point {
        // What the index knows of the collection costs no look at its row. It follows the log, and a write is answered
        // when it has been followed.
        if let position { try requirePast(of: name, tenant, at: position, in: transaction) }
        guard
            let collection = try role.collection(name, of: tenant)
                ?? role.collections.find(name, of: tenant, in: transaction)
        else { throw Points.notFound(key) }
        let found: Point?
        if let position {
            found = try role.points.history.find(key, of: collection, asOf: position, in: transaction)
        } else {
            found = try role.points.find(
                key, of: collection, withVectors: withVectors, at: role.log.time.now(), in: transaction)
        }
        guard let point = found, try reach.includes(point) else { throw Points.notFound(key) }
        return point
    }
}

extension MemoryRoutes {
    /// Refuses a position of which it is not known what was in a collection, whether it is there or not.
    ///
    /// - throws: ``Failure`` `history_gone`, `invalid_request` for a position that is not there yet.
    func requirePast(
        of name: String, _ tenant: Tenant, at position: LogPosition, in transaction: any ReadTransaction
    ) throws {
        try role.requireThere(position)
        try role.points.history.moment(of: position, in: name, tenant, transaction)
    }
}

/// What a memory was, the latest first.
private struct MemoryHistory: JSONEncodable {
    let key: PointKey
    let versions: [PointVersion]
    let next: LogPosition?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", key)
            json.key("versions")
            json.array { json in
                for version in versions {
                    json.object { json in
                        let point = version.point
                        json.member("version", point.version)
                        json.member("position", point.position)
                        json.member("until_position", version.until)
                        json.member("payload", raw: point.payload)
                        json.member("created_at", point.createdAt)
                        json.member("updated_at", point.updatedAt)
                        json.member("expires_at", point.expiresAt)
                        json.member("ended_at", version.endedAt)
                    }
                }
            }
            json.member("next_cursor", next)
        }
    }
}
