public import Core

/// The failures of the storage engines.
extension Failure {
    static func storageBusy(_ what: String) -> Failure {
        Failure(
            .unavailable, code: "storage_busy", "\(what) Try again, or raise the limit that the message names.",
            retryAfter: 1)
    }

    /// Whether a server of the database is out of reach, so that another one may be asked.
    public var isStorageUnreachable: Bool { code == "storage_unreachable" }

    static var storageFull: Failure {
        Failure(
            .unavailable, code: "storage_full",
            "The disk is full, so nothing was written. Free space, or move the data directory to a larger disk.",
            retryAfter: 30)
    }

    static func storageCorrupt(_ message: String) -> Failure {
        Failure(
            .internal, code: "storage_corrupt",
            "The database file is damaged: \(message). Stop the server and restore a backup; an index is made anew "
                + "by itself.")
    }

    static var storageClosed: Failure {
        Failure(.unavailable, code: "storage_closed", "The server is stopping. Try another instance.", retryAfter: 5)
    }

    static var statementTimeout: Failure {
        Failure(
            .timeout, code: "statement_timeout",
            "A query took longer than storage.statement_timeout. Try again, ask for less, or raise the setting.",
            retryAfter: 1)
    }
}

/// A statement that a constraint of the schema refuses, and which constraint: roles catch it where they expect it.
public struct ConstraintViolation: Error, Sendable {
    /// What kind of constraint it is.
    public enum Kind: Sendable {
        /// A value that must be unique stands in another row.
        case unique
        /// A check of the table does not hold.
        case check
        /// A row that it refers to is missing, or a row that others refer to would go.
        case foreignKey
        /// A value is missing.
        case notNull
    }

    /// What kind of constraint it is.
    public let kind: Kind
    /// What the engine says of it: the columns of a unique constraint, or the name of a check.
    public let detail: String
}
