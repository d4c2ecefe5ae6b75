import Core
import Expressions

/// The body of an event that names nothing else: a CloudEvent (CloudEvents 1.0, JSON format, structured mode), which
/// has the members of a Standard Webhooks payload too.
enum EventBody {
    /// The media type of structured mode.
    static let contentType = "application/cloudevents+json; charset=utf-8"

    /// The JSON of an event.
    static func cloudEvent(_ event: ActionEvent) -> [UInt8] {
        let document = event.document
        var json = JSONWriter(capacity: 512 + (document.after?.count ?? 0) + (document.before?.count ?? 0))
        json.object { json in
            json.member("specversion", "1.0")
            json.member("id", document.id)
            json.member("source", "/millrace")
            json.member("type", document.type)
            json.member("subject", document.entityID)
            json.member("time", document.time)
            json.member("timestamp", document.time)
            json.member("datacontenttype", "application/json")
            if let traceparent = event.traceparent { json.member("traceparent", traceparent) }
            json.member(
                "data",
                object: { json in
                    json.member("entity_type", document.entityType)
                    json.member("entity_id", document.entityID)
                    json.member("operation", document.operation)
                    json.member("position", document.position)
                    json.member("actor", document.actor)
                    json.member("changed_fields", array: document.changedFields)
                    json.member("new", raw: document.after)
                    json.member("old", raw: document.before)
                })
        }
        return json.bytes
    }
}
