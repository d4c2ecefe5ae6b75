public import Core

/// What a condition or a template looks at: one change of one entity, and its circumstances.
public struct EventDocument: Sendable {
    /// The identifier of the event, which stays the same however often it is delivered.
    public var id: String
    /// Its place in the change log.
    public var position: Int64
    /// What kind of thing changed, for example `order`.
    public var entityType: String
    /// Which one.
    public var entityID: String
    /// What was done to it: `insert`, `update`, `delete` or `custom`.
    public var operation: String
    /// When it happened.
    public var time: Timestamp
    /// Who did it.
    public var actor: String
    /// The request that did it, as in `X-Request-Id`.
    public var requestID: String?
    /// The thing as it is afterwards, as a JSON object; nil after a deletion.
    public var after: [UInt8]?
    /// The thing as it was before, as a JSON object; nil before an insertion, and where nobody recorded it.
    public var before: [UInt8]?
    /// The names of the members that differ between the two.
    public var changedFields: [String]

    /// The type of the event, as CloudEvents have it: `order.insert`.
    public var type: String { "\(entityType).\(operation)" }

    /// An event by all of its parts.
    public init(
        id: String, position: Int64, entityType: String, entityID: String, operation: String, time: Timestamp,
        actor: String, requestID: String? = nil, after: [UInt8]? = nil, before: [UInt8]? = nil,
        changedFields: [String] = []
    ) {
        self.id = id
        self.position = position
        self.entityType = entityType
        self.entityID = entityID
        self.operation = operation
        self.time = time
        self.actor = actor
        self.requestID = requestID
        self.after = after
        self.before = before
        self.changedFields = changedFields
    }
}
