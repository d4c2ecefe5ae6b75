public import Core

/// What a change did to its entity.
public enum Operation: String, Sendable, CaseIterable {
    case insert
    case update
    case delete
    /// It did nothing to it: somebody tells of something that happened, such as `cart abandoned`.
    case custom
}

/// One entry of the change log.
public struct Change: Sendable {
    /// Its place in the log.
    public let position: LogPosition
    /// Whose data changed.
    public let tenant: Tenant
    /// What kind of thing changed, for example `order`.
    public let entityType: String
    /// Which one.
    public let entity: Identifier
    /// What was done to it.
    public let operation: Operation
    /// The thing as it is afterwards, as JSON; nil after a deletion. Of a custom operation: what is told of it.
    public let after: [UInt8]?
    /// The thing as it was before, as JSON; nil before an insertion and of a custom operation.
    public let before: [UInt8]?
    /// The names of the members that differ between the two, of an update.
    public let changedFields: [String]
    /// Who did it: the credential of the request, or the name of a background task.
    public let actor: String
    /// The request that did it, as in `X-Request-Id`.
    public let requestID: String?
    /// The trace that it belongs to, as in `traceparent` (W3C Trace Context).
    public let traceparent: String?
    /// When it happened.
    public let time: Timestamp
}

extension Change: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("position", position)
            json.member("entity_type", entityType)
            json.member("entity_id", entity)
            json.member("operation", operation.rawValue)
            json.member("after", raw: after)
            json.member("before", raw: before)
            json.member("changed_fields", array: changedFields)
            json.member("actor", actor)
            json.member("request_id", requestID)
            json.member("traceparent", traceparent)
            json.member("time", time)
        }
    }
}
