import Core

/// What becomes of a graph that FalkorDB finds things in when it does not.
extension Failure {
    /// FalkorDB does not do what it is asked, and may do it later.
    static func graphEngineUnavailable(_ reason: String, cause: (any Error)? = nil) -> Failure {
        Failure(
            .unavailable, code: "graph_engine_unavailable",
            "The graphs are in FalkorDB, which does not answer as it should: \(reason) Try again; if it lasts, look "
                + "after FalkorDB. Reading by id works without it.", retryAfter: 1, cause: cause)
    }

    /// It has less than what was told to be found: it was restarted, or a replica is late.
    static var graphEngineBehind: Failure {
        Failure(
            .unavailable, code: "graph_engine_behind",
            "FalkorDB does not have all of the graph, as after a restart. It is filled again from the tables; try "
                + "again.", retryAfter: 1)
    }

    /// FalkorDB refuses a query.
    static func falkorDB(_ text: String) -> Failure {
        if text.contains("empty key") { return .graphEngineBehind }
        if text.hasPrefix("NOAUTH") || text.hasPrefix("WRONGPASS") || text.hasPrefix("NOPERM") {
            return .falkorDBRefused(text)
        }
        if text.contains("unknown command") {
            return Failure(
                .invalid, code: "falkordb_missing",
                "What answers at knowledge.falkordb_url has no FalkorDB: \(text). Load its module there, or name "
                    + "another server.")
        }
        return .graphEngineUnavailable("\(text).")
    }

    /// It lets nobody in who does not know more.
    static func falkorDBRefused(_ text: String) -> Failure {
        Failure(
            .invalid, code: "falkordb_refused",
            "FalkorDB does not accept who logs in by knowledge.falkordb_url: \(text). Name somebody there who may use "
                + "all commands.")
    }

    /// Something in its configuration would make answers wrong.
    static func falkorDBUnfit(_ reason: String) -> Failure {
        Failure(.invalid, code: "falkordb_unfit", reason)
    }

    /// What became of a command.
    static func falkorDB(_ error: any Error) -> Failure {
        guard let failure = error as? Failure else { return .graphEngineUnavailable("\(error).", cause: error) }
        switch failure.code {
        case "redis_timeout":
            return .graphEngineUnavailable("It has not answered within knowledge.engine_timeout.", cause: failure.cause)
        case "redis_circuit_open":
            return .graphEngineUnavailable("It has failed several times, and is left alone for a moment.")
        case "redis_overloaded": return .graphEngineUnavailable("Too much waits for it already.")
        case "redis_refused": return .falkorDBRefused(failure.message)
        case let code where code.hasPrefix("redis_"):
            return .graphEngineUnavailable("It cannot be reached.", cause: failure.cause)
        default: return failure
        }
    }
}
