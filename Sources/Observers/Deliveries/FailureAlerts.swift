import Logging
import Telemetry

/// Tells operators what was given up, where its observer has ``FailurePolicy/alert``: the one place for what fails as
/// it is delivered and for what fails as it is matched.
struct FailureAlerts: Sendable {
    let metrics: ObserverMetrics
    let logger: Logger

    /// Logs and counts a delivery, if it is given up and its observer asks for that. Call it once that is durable.
    func note(
        _ decision: DeliveryDecision, of delivery: Delivery, _ observer: CompiledObserver, _ action: ActionDefinition
    ) {
        // One that the database refuses among the dead letters is dropped, of which nobody would learn otherwise.
        guard observer.definition.onFailure == .alert, decision.state == .dead || decision.state == .dropped,
            let failure = decision.failure
        else { return }
        let name = observer.definition.name
        metrics.alerts.with(name).increment()
        logger.error(
            "a delivery could not be made",
            metadata: [
                "observer": "\(name)", "action": "\(action.name)", "event": "\(delivery.key.position)",
                "reason": "\(failure.reason)",
            ])
    }
}
