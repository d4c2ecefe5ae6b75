public import Core
import Storage

/// A place where stock lies. Its code is its name in every balance and reservation, so it never changes.
public struct Location: Sendable, Hashable, Versioned {
    public let id: Identifier
    /// Unique within the tenant.
    public let code: String
    public internal(set) var name: String
    /// Reserves that name no location try those of the lowest number first.
    public internal(set) var priority: Int64
    /// Whether stock here can be reserved. Stock can be moved in and out all the same.
    public internal(set) var isActive: Bool
    public internal(set) var version: Int64
    public let createdAt: Timestamp
    public internal(set) var updatedAt: Timestamp

    /// The code of the location that is made when stock comes before any location.
    public static let mainCode = "MAIN"
    /// The priorities that a location may have.
    public static let priorities: ClosedRange<Int64> = 0...1_000_000
    /// The priority of a location when nobody says.
    public static let defaultPriority: Int64 = 100
}

extension Location: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("code", code)
            json.member("name", name)
            json.member("priority", priority)
            json.member("is_active", isActive)
            json.member("version", version)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}

extension Location {
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns: SQL = "id, code, name, priority, is_active, version, created_at, updated_at"

    init(row: Row) throws {
        self.init(
            id: try row.identifier(0), code: row.text(1), name: row.text(2), priority: row.integer(3),
            isActive: row.bool(4), version: row.integer(5), createdAt: row.timestamp(6), updatedAt: row.timestamp(7))
    }
}

/// What a new location is to be.
public struct LocationDraft: Sendable {
    public var code: String
    /// The code when nobody says.
    public var name: String
    public var priority: Int64
    public var isActive: Bool

    /// A location of a code.
    public init(
        code: String, name: String? = nil, priority: Int64 = Location.defaultPriority, isActive: Bool = true
    ) {
        self.code = code
        self.name = name ?? code
        self.priority = priority
        self.isActive = isActive
    }

    /// Reads the body of a request.
    public init(_ fields: inout JSONFields) {
        self.init(
            code: fields.string("code", length: StockLimits.code),
            name: fields.optionalString("name", length: 1...200),
            priority: fields.optionalInteger("priority", in: Location.priorities) ?? Location.defaultPriority,
            isActive: fields.optionalBool("is_active") ?? true)
    }
}

/// What is to change of a location. A member that is taken away falls back to its default.
public struct LocationPatch: Sendable {
    public var name: Patch<String> = .keep
    public var priority: Patch<Int64> = .keep
    public var isActive: Patch<Bool> = .keep

    /// A patch that changes nothing yet.
    public init() {}

    /// Reads the body of a request.
    public init(_ fields: inout JSONFields) {
        name = fields.patch("name") { $0.optionalString($1, length: 1...200) }
        priority = fields.patch("priority") { $0.optionalInteger($1, in: Location.priorities) }
        isActive = fields.patch("is_active") { $0.optionalBool($1) }
    }
}
