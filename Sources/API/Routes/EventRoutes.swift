import ChangeLog
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
                    return .ok(AcceptedEvent(entityType: draft.entityType, entity: entity))
                }
            },
            .custom(.post, "/api/v1/observers/{id}/test", scope: "observers:read") { request in
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

    init(_ fields: inout JSONFields) {
        entityType = fields.string("entity_type", length: 1...100)
        entity = fields.optionalIdentifier("entity_id")
        data = fields.optionalTree("data") ?? JSONObject()
    }
}

/// What is answered to it.
private struct AcceptedEvent: JSONEncodable {
    let entityType: String
    let entity: Identifier

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("entity_type", entityType)
            json.member("entity_id", entity)
            json.member("operation", "custom")
        }
    }
}

extension EventFilter {
    fileprivate init(_ query: inout QueryReader) {
        self.init()
        text = query.optionalString("q", length: 1...200)
        entityType = query.optionalString("type", length: 1...100)
        entity = query.optionalIdentifier("entity")
        operation = query.optionalChoice("operation", Operation.self)?.rawValue
        since = query.optionalTimestamp("since")
        until = query.optionalTimestamp("until")
    }
}
