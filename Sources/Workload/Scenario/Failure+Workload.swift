import Core

extension Failure {
    static func invalidScenario(_ message: String) -> Failure {
        Failure(.invalid, code: "invalid_scenario", message)
    }

    static func setupFailed(_ request: String, _ reason: String) -> Failure {
        Failure(
            .invalid, code: "setup_failed",
            "What the scenario does before its load failed: \(request): \(reason). Is the key right, and the "
                + "server as the scenario expects it?")
    }

    static func targetUnreachable(_ target: String, _ reason: String) -> Failure {
        Failure(
            .unavailable, code: "target_unreachable",
            "\(target) cannot be reached: \(reason). Does it run, and is the address right?")
    }
}
