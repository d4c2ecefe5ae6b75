import Core

/// The failures of Redis. Nobody is answered with them: the service works without its cache, so they are counted.
extension Failure {
    static func redisUnavailable(_ where: String, _ reason: String, cause: (any Error)? = nil) -> Failure {
        Failure(
            .unavailable, code: "redis_unavailable",
            "Redis at \(`where`) cannot be asked: \(reason). Start it, or correct cache.redis.", cause: cause)
    }

    static func redisTimeout(_ where: String) -> Failure {
        Failure(
            .timeout, code: "redis_timeout",
            "Redis at \(`where`) did not answer within cache.redis_timeout. Find out what keeps it, or raise that.")
    }

    static func redisOverloaded(_ where: String) -> Failure {
        Failure(
            .unavailable, code: "redis_overloaded",
            "Too many commands wait for Redis at \(`where`). Find out what keeps it, or give it more processors.")
    }

    static func redisCircuitOpen(_ where: String) -> Failure {
        Failure(
            .unavailable, code: "redis_circuit_open",
            "Redis at \(`where`) failed several times in a row, so it is left alone for a moment.")
    }

    static func redisProtocol(_ reason: String) -> Failure {
        Failure(
            .unavailable, code: "redis_protocol_error",
            "What answers is no Redis that speaks RESP2: \(reason). Correct cache.redis.")
    }

    static func redisRefused(_ reason: String) -> Failure {
        Failure(.unavailable, code: "redis_refused", "Redis refused a command: \(reason). Correct its configuration.")
    }

    static var redisClosed: Failure {
        Failure(.unavailable, code: "redis_closed", "The server is stopping, so Redis is not asked any more.")
    }

    static func redisURLInvalid(_ reason: String) -> Failure {
        Failure(
            .invalid, code: "redis_url_invalid",
            "cache.redis \(reason). Write \(RedisURL.forms).")
    }
}
