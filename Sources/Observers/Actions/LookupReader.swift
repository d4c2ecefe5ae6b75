import Caching
import ChangeLog
import Core
import Expressions
import Storage
import Telemetry

/// Adds to events what observers look up beside them: from the cache of entities, else from the tables.
struct LookupReader: Sendable {
    let log: ChangeLog
    private let lookups: [String: EntityLookup]
    private let metrics: ObserverMetrics

    init(_ log: ChangeLog, _ lookups: [EntityLookup], metrics: ObserverMetrics) {
        self.log = log
        self.lookups = Dictionary(lookups.map { ($0.entityType, $0) }) { $1 }
        self.metrics = metrics
    }

    /// The types of entities that can be looked up.
    var entityTypes: Set<String> { Set(lookups.keys) }

    /// The event with a further member for each lookup: the entity, or null when there is none.
    func enrich(_ event: EventDocument, of tenant: Tenant, with wanted: [Lookup]) async throws -> EventDocument {
        var event = event
        for lookup in wanted { Self.add(try await image(of: lookup, for: event, tenant), as: lookup.name, to: &event) }
        return event
    }

    /// The same, as the tables of a snapshot have it.
    func enrich(
        _ event: EventDocument, of tenant: Tenant, with wanted: [Lookup], in transaction: any ReadTransaction
    ) throws -> EventDocument {
        var event = event
        for lookup in wanted {
            let id = Identifier(try lookup.template.render(event))
            let found = try id.flatMap { try lookups[lookup.entityType]?.find($0, tenant, transaction) }
            Self.add(found?.json, as: lookup.name, to: &event)
        }
        return event
    }

    private static func add(_ image: [UInt8]?, as name: String, to event: inout EventDocument) {
        let member = member(name, image)
        if let after = event.after {
            event.after = insert(member, into: after)
        } else if let before = event.before {
            event.before = insert(member, into: before)
        }
    }

    private func image(of lookup: Lookup, for event: EventDocument, _ tenant: Tenant) async throws -> [UInt8]? {
        guard let finder = lookups[lookup.entityType],
            let id = Identifier(try lookup.template.render(event))
        else { return nil }
        let key = EntityCache.Key(tenant, lookup.entityType, id)
        let position = log.head
        if let image = log.cache.find(key) {
            metrics.cacheHits.increment()
            return image.json
        }
        metrics.cacheMisses.increment()
        let found = try await log.database.read { try finder.find(id, tenant, $0) }
        if let found {
            log.cache.keep(EntityCache.Image(json: found.json, version: found.version), for: key, readAt: position)
        }
        return found?.json
    }

    private static func member(_ name: String, _ image: [UInt8]?) -> [UInt8] {
        var json = JSONWriter(capacity: 64 + (image?.count ?? 0))
        json.object { json in
            json.key(named: name)
            if let image { json.raw(image) } else { json.null() }
        }
        return Array(json.bytes.dropFirst().dropLast())
    }

    /// An object with a further member at its start.
    private static func insert(_ member: [UInt8], into object: [UInt8]) -> [UInt8] {
        let rest = object.drop { $0 != UInt8(ascii: "{") }.dropFirst()
        let isEmpty = rest.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "}")
        return [UInt8(ascii: "{")] + member + (isEmpty ? [] : [UInt8(ascii: ",")]) + rest
    }
}
