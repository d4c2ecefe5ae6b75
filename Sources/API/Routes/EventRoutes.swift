import ChangeLog
import Commerce
import Core
import HTTPTypes
import Observers
import Storage

extension Routes {
    /// What happened, what was done about it, and what would be done.
    static func eventRoutes(_ role: ObserverRole) -> [Route] {
        let (events, log) = (role.events, role.log)
        return [
            .read(.get, "/api/v1/events", scope: "events:read") { request in
                let (filter, page) = try request.readQuery { (EventFilter(&$0), $0.page()) }
                let head = log.seen
                return { .page(try events.list(filter, page, upTo: head, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/events/{id}", scope: "events:read") { request in
                let id = try request.parameter("id")
                let now = log.time.now()
                return { .ok(try events.report(id, at: now, of: request.tenant, in: $0)) }
            },
            .write(.post, "/api/v1/events", scope: "events:write") { request in
                let draft = try request.readBody { CustomEvent(&$0) }
                return { unit in
                    let entity = draft.entity ?? unit.makeIdentifier()
                    try unit.recordCustom(draft.entityType, entity, data: JSONWriter.bytes(of: draft.data))
                    return .ok(
                        AcceptedEvent(
                            position: try unit.latestPosition(), entityType: draft.entityType, entity: entity,
                            time: unit.now))
                }
            },
            // It shows what the event holds.
            .custom(
                .post, "/api/v1/observers/{id}/test", access: .scopes("observers:read", "events:read")
            ) { request in
                let key = ObserverKey(try request.parameter("id"))
                let event = try request.readQuery { $0.string("event", length: 1...20) }
                return .ok(try await events.test(key, event, at: log.time.now(), of: request.tenant))
            },
        ]
    }
}

/// An event that no entity of the server tells of.
private struct CustomEvent: Sendable {
    let entityType: String
    let entity: Identifier?
    let data: JSONObject

    /// The types of what the server keeps: an observer of orders must be able to rely on what it is told of them.
    private static let ownTypes = Set(EntityFields.all.keys).union([Observers.entityType, "api_key"])

    private static func isOfType(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
    }

    init(_ fields: inout JSONFields) {
        entityType = fields.string("entity_type", length: 1...100)
        if !entityType.isEmpty, !entityType.utf8.allSatisfy(Self.isOfType) {
            fields.reject("entity_type", "Letters, digits and . _ - are allowed.")
        }
        if Self.ownTypes.contains(entityType) {
            fields.reject(
                "entity_type", "What happens to an \(entityType) the server tells itself. Choose a type of your own.")
        }
        entity = fields.optionalIdentifier("entity_id")
        data = fields.optionalTree("data") ?? JSONObject()
    }
}

/// What is answered to it: the beginning of the event as it is listed, by whose identifier it is found.
private struct AcceptedEvent: JSONEncodable {
    let position: LogPosition
    let entityType: String
    let entity: Identifier
    let time: Timestamp

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", "\(position)")
            json.member("position", position.value)
            json.member("type", "\(entityType).custom")
            json.member("entity_type", entityType)
            json.member("entity_id", entity)
            json.member("operation", "custom")
            json.member("time", time)
        }
    }
}

extension EventFilter {
    fileprivate init(_ query: inout QueryReader) {
        self.init()
        text = query.optionalString("q", length: 1...200)
        entityType = query.optionalString("type", length: 1...100)
        let asked = query.optionalChoice("operation", Operation.self)?.rawValue
        // Events show both with a point between.
        let parts = (entityType ?? "").split(separator: ".")
        if let last = parts.last.map(String.init), parts.count > 1, Operation(rawValue: last) != nil {
            entityType = parts.dropLast().joined(separator: ".")
            operation = asked ?? last
        } else {
            operation = asked
        }
        entity = query.optionalIdentifier("entity")
        since = query.optionalTimestamp("since")
        until = query.optionalTimestamp("until")
    }
}
