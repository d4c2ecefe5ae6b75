import CPostgres
import Core

/// The transaction lost against another one that ran at the same time: doing it again may succeed.
struct TransactionConflict: Error {
    /// What PostgreSQL said.
    let message: String
}

extension Failure {
    static func storageUnreachable(_ what: String) -> Failure {
        Failure(
            .unavailable, code: "storage_unreachable",
            "The database does not answer (\(what)). Try again; if it lasts, check storage.url and the "
                + "server behind it.",
            retryAfter: 1)
    }

    static var outcomeUnknown: Failure {
        Failure(
            .unavailable, code: "storage_outcome_unknown",
            "The database went away while it committed, so it is not known whether this was done. Repeat the request "
                + "with the same Idempotency-Key: it is done once.", retryAfter: 1)
    }

    static func storageContended(_ message: String) -> Failure {
        Failure(
            .unavailable, code: "storage_contended",
            "Others kept changing the same things at the same time (\(message)). Try again.", retryAfter: 1)
    }

    static func storageForbidden(_ message: String) -> Failure {
        Failure(
            .unavailable, code: "storage_forbidden",
            "The role that is logged in may not do this in PostgreSQL (\(message)). Have the right granted to it, or "
                + "log in as the owner.")
    }

    static var storageReadOnly: Failure {
        Failure(
            .unavailable, code: "storage_read_only",
            "The database takes no writes: it is a replica or is being switched over. Try again.", retryAfter: 1)
    }
}

extension PostgresResult {
    /// Whether the server ends the connection after this failure.
    var endsConnection: Bool {
        // 25P03 says that the transaction was idle for too long.
        state.hasPrefix("57P") || state.hasPrefix("08") || state == "25006" || state == "25P03"
    }

    /// What failed, by its SQLSTATE (PostgreSQL 15, Appendix A).
    func error(text: String) -> any Error {
        switch state {
        case "23505": return ConstraintViolation(kind: .unique, detail: constraint ?? message)
        case "23514": return ConstraintViolation(kind: .check, detail: constraint ?? message)
        case "23503": return ConstraintViolation(kind: .foreignKey, detail: constraint ?? message)
        case "23502": return ConstraintViolation(kind: .notNull, detail: message)
        case "40001", "40P01": return TransactionConflict(message: message)
        case "57014": return Failure.statementTimeout
        case "53100": return Failure.storageFull
        case "53300": return Failure.storageBusy("PostgreSQL has no connection left (max_connections).")
        case "55P03": return Failure.storageBusy("A lock was not free in time.")
        case "42501": return Failure.storageForbidden(message)
        case "25006": return Failure.storageReadOnly
        case "42P01": return Failure(.internal, code: "storage_table_missing", message)
        case "22021":
            return Failure(
                .invalid, code: "invalid_text", "A text has a character that PostgreSQL cannot store, such as NUL.")
        case _ where endsConnection: return Failure.storageUnreachable(message)
        case "": return Failure.storageUnreachable(message)
        default:
            return Failure(
                .internal, code: "storage_failed", "PostgreSQL says \"\(message)\" (\(state)) to: \(text)")
        }
    }
}
