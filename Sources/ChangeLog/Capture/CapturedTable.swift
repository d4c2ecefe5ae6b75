public import Core

/// What is to be captured, and how.
public struct CaptureRequest: Sendable {
    /// Which table.
    public var table: TableReference
    /// What its changes are called in the log; nil makes it of the name of the table.
    public var entityType: String?
    /// The columns that tell its rows apart; empty takes those of the primary key.
    public var key: [String]
    /// Whose data it is.
    public var tenant: Tenant
    /// Whether each transaction wakes the servers by `NOTIFY`. Without, they look within a quarter of a second.
    public var notifies: Bool

    /// A table to be captured.
    public init(
        _ table: TableReference, as entityType: String? = nil, key: [String] = [], tenant: Tenant = .first,
        notifies: Bool = true
    ) {
        self.table = table
        self.entityType = entityType
        self.key = key
        self.tenant = tenant
        self.notifies = notifies
    }
}

/// A table of somebody's own whose changes go to the log.
public struct CapturedTable: Sendable, Equatable {
    /// Its schema.
    public let schema: String
    /// Its name.
    public let name: String
    /// What its changes are called in the log.
    public let entityType: String
    /// Whose data it is.
    public let tenant: Tenant
    /// The columns that tell its rows apart.
    public let key: [String]
    /// Whether each transaction wakes the servers.
    public let notifies: Bool
    /// Whether nobody has switched the trigger off (`ALTER TABLE … DISABLE TRIGGER`).
    public let isEnabled: Bool
}

extension CapturedTable: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("schema", schema)
            json.member("table", name)
            json.member("entity_type", entityType)
            json.member("tenant", tenant.number)
            json.member("key", array: key)
            json.member("notify", notifies)
            json.member("enabled", isEnabled)
        }
    }
}

extension CapturedTable {
    /// What the trigger of the table is told, in the order of `CaptureFunctions`. The name of the table is among it
    /// because identifiers are made of it: they stay the same when the table gets another name.
    var triggerArguments: [String] {
        [entityType, "\(tenant.number)", "\(schema).\(name)", notifies ? "notify" : "poll"] + key
    }

    /// A table as its trigger shows it; nil when that is told something else.
    ///
    /// - parameter arguments: the bytes of `pg_trigger.tgargs`, in which each argument ends with a zero.
    init?(schema: String, name: String, arguments: [UInt8], isEnabled: Bool) {
        let parts = arguments.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count > 4, let tenant = Int64(parts[1]) else { return nil }
        self.init(
            schema: schema, name: name, entityType: parts[0], tenant: Tenant(tenant), key: Array(parts[4...]),
            notifies: parts[3] == "notify", isEnabled: isEnabled)
    }

    /// The lengths that the type of an entity may have.
    static let typeLengths = 1...64

    /// Whether something can be the type of an entity: what stands in a list with commas and in a line of an event.
    static func isEntityType(_ text: String) -> Bool {
        typeLengths.contains(text.count) && text.allSatisfy(isOfType)
    }

    /// What the changes of a table are called when nobody says: its name, with `_` for what a type cannot have.
    static func entityType(of table: String) -> String {
        String(table.map { isOfType($0) ? $0 : "_" }.prefix(typeLengths.upperBound))
    }

    private static func isOfType(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "_-.".contains(character)
    }
}
