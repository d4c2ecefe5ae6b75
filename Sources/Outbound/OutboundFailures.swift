import Core
import NIOSSL

/// Why something could not be sent. The codes are stable: they are labels of metrics and stand in the ledger.
extension Failure {
    static func urlInvalid(_ reason: String) -> Failure {
        Failure(
            .invalid, code: "url_invalid",
            "The URL \(reason). Write http:// or https://, a host, and what follows with percent signs where needed.")
    }

    static func headerInvalid(_ reason: String) -> Failure {
        Failure(.invalid, code: "header_invalid", "The header field \(reason).")
    }

    static func addressRefused(_ host: String) -> Failure {
        Failure(
            .forbidden, code: "address_refused",
            "\(host) has no public address. If it may be sent to, add its network to outbound.allowed_networks."
        )
    }

    static func nameUnresolved(_ host: String, _ reason: String) -> Failure {
        Failure(
            .unavailable, code: "name_unresolved",
            "The name \(host) has no address: \(reason). Correct it, or see whether this machine can look up names.")
    }

    static func connectFailed(_ destination: String, _ reason: String, cause: (any Error)? = nil) -> Failure {
        Failure(
            .unavailable, code: "connect_failed",
            "No connection to \(destination) could be made: \(reason). See whether it runs and can be reached.",
            cause: cause)
    }

    static func tlsFailed(_ destination: String, _ reason: String, cause: (any Error)? = nil) -> Failure {
        Failure(
            .unavailable, code: "tls_failed",
            "No encrypted connection to \(destination) could be made: \(reason). Its certificate must be valid for its "
                + "name and signed by an authority of this system or of outbound.tls_ca_file.",
            cause: cause)
    }

    static func timeout(during activity: String) -> Failure {
        Failure(
            .timeout, code: "timeout",
            "The time was up while \(activity). Find out what keeps the destination, or allow more time."
        )
    }

    static func connectionLost(_ destination: String, _ reason: String, cause: (any Error)? = nil) -> Failure {
        Failure(
            .unavailable, code: "connection_lost",
            "The connection to \(destination) was lost before its answer was complete: \(reason). "
                + "Whether it did what it was asked is not known.",
            cause: cause)
    }

    /// The failure of a connection that has ended by itself.
    ///
    /// - parameters:
    ///   - isSecuring: whether it was agreeing on TLS then.
    ///   - error: what the channel said; nil when the other side closed it.
    static func ended(_ server: String, isSecuring: Bool, by error: (any Error)? = nil) -> Failure {
        guard let error else {
            return isSecuring
                ? .tlsFailed(server, "it closed the connection") : .connectionLost(server, "it was closed")
        }
        return isSecuring || error is NIOSSLError
            ? .tlsFailed(server, "\(error)", cause: error) : .connectionLost(server, "\(error)", cause: error)
    }

    static func responseTooLarge(_ destination: String, limit: Int) -> Failure {
        Failure(
            .unavailable, code: "response_too_large",
            "The answer of \(destination) has more than \(limit) bytes. Let it answer with less.")
    }

    static func overloaded(_ what: String) -> Failure {
        Failure(
            .unavailable, code: "overloaded",
            "\(what). Send less at once, or raise outbound.connections_per_destination.")
    }

    static var stopping: Failure {
        Failure(.unavailable, code: "stopping", "The server is stopping, so nothing more is sent. Try again later.")
    }

    static var cancelled: Failure {
        Failure(.unavailable, code: "cancelled", "Whoever wanted it sent gave it up before there was an answer.")
    }
}
