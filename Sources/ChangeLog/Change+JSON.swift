public import Core

extension Change {
    /// Reads a change that was written as JSON, for whoever keeps one for longer than the log does.
    ///
    /// - throws: ``Failure`` `invalid_request`, `malformed_json`.
    public init(json: [UInt8], of tenant: Tenant) throws {
        self = try JSONFields.read(JSONParser.parse(json)) { fields in
            Change(
                position: LogPosition(fields.integer("position", in: 0...Int64.max)), tenant: tenant,
                entityType: fields.string("entity_type", length: 1...1_000), entity: fields.identifier("entity_id"),
                operation: fields.choice("operation", Operation.self) ?? .custom,
                after: fields.optionalTree("after").map { JSONWriter.bytes(of: $0) },
                before: fields.optionalTree("before").map { JSONWriter.bytes(of: $0) },
                changedFields: fields.optionalStrings("changed_fields", count: 0...100_000, length: 0...10_000) ?? [],
                actor: fields.string("actor", length: 0...10_000),
                requestID: fields.optionalString("request_id", length: 0...10_000),
                traceparent: fields.optionalString("traceparent", length: 0...10_000),
                time: fields.optionalTimestamp("time") ?? Timestamp(microseconds: 0))
        }
    }
}
