public import Core
import Storage

/// An observer as it is kept.
public struct Observer: Sendable, Versioned {
    /// What it does at the moment.
    public enum Status: String, Sendable {
        /// It watches, together with the others at the end of the log.
        case active
        /// It watches, and has yet to come to the end of the log.
        case catchingUp = "catching_up"
        /// It keeps its place and goes on from there when it is resumed.
        case paused
        /// It does not watch, and what happens meanwhile is not for it.
        case disabled
    }

    /// Who decides what it is.
    public enum Manager: String, Sendable, CaseIterable {
        case api, file
    }

    /// Its identifier.
    public let id: Identifier
    /// Whose it is.
    let tenant: Tenant
    /// By what the tables of deliveries name it.
    let number: Int64
    public internal(set) var version: Int64
    /// What it watches for and does.
    public internal(set) var definition: ObserverDefinition
    /// Whether it keeps its place and does nothing.
    var isPaused: Bool
    /// Why it was paused, when nobody asked for it.
    public internal(set) var pausedBecause: String?
    /// Whether the file of observers decides what it is.
    public let manager: Manager
    /// Where it stands, while that is not where the others stand.
    var ownPosition: LogPosition?
    /// Only what happens after this position is for it.
    var startedAfter: LogPosition
    /// When it was made.
    public let createdAt: Timestamp
    /// When it was changed last.
    public internal(set) var updatedAt: Timestamp

    /// What it does at the moment.
    public var status: Status {
        Self.status(isEnabled: definition.isEnabled, isPaused: isPaused, ownPosition)
    }

    static func status(isEnabled: Bool, isPaused: Bool, _ ownPosition: LogPosition?) -> Status {
        if !isEnabled { return .disabled }
        if isPaused { return .paused }
        return ownPosition == nil ? .active : .catchingUp
    }

    /// Whether it acts.
    var isRunning: Bool { definition.isEnabled && !isPaused }
}

extension Observer: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("version", version)
            json.member("status", status.rawValue)
            json.member("paused_because", pausedBecause)
            json.member("managed_by", manager.rawValue)
            definition.writeMembers(to: &json, secrets: .masked)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}

extension Observer {
    /// The columns of a row, in the order in which it is read.
    static let columns: SQL = """
        tenant, id, number, version, definition, paused, paused_because, managed_by, own_position, started_after, \
        created_at, updated_at
        """

    init(_ row: Row) throws {
        tenant = Tenant(row.integer(0))
        id = try row.identifier(1)
        number = row.integer(2)
        version = row.integer(3)
        definition = try ObserverDefinition.read(stored: row.bytes(4))
        isPaused = row.bool(5)
        pausedBecause = row.optionalText(6)
        manager = try row.choice(7, Manager.self)
        ownPosition = row.isNull(8) ? nil : row.position(8)
        startedAfter = row.position(9)
        createdAt = row.timestamp(10)
        updatedAt = row.timestamp(11)
    }
}
