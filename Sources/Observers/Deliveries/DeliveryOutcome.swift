import Core
import Storage

/// What came of an attempt.
enum DeliveryOutcome: Sendable {
    /// The receiver has it.
    case delivered
    /// A statement that is to run in the transaction that says so.
    case execute(statement: String, parameters: [(name: String, value: SQLValue)])
    /// It did not arrive.
    case failed(DeliveryFailure)
}

/// Why an attempt failed.
struct DeliveryFailure: Error, Sendable, Equatable {
    /// A stable word, for metrics and programs: `http_500`, `timeout`, `template_failed`.
    let reason: String
    /// What happened, for people.
    let message: String
    /// Whether trying again cannot help.
    var isPermanent = false
    /// How many seconds the receiver asks to wait.
    var retryAfter: Int?
    /// Whether the receiver wants no more events at all.
    var isGone = false
}

extension DeliveryFailure {
    /// The failure that an error stands for.
    init(_ error: any Error) {
        guard let failure = error as? Failure else {
            self.init(reason: "failed", message: "\(error)")
            return
        }
        let isPermanent = [.invalid, .malformed, .forbidden, .tooLarge].contains(failure.kind)
        self.init(
            reason: failure.code, message: failure.message, isPermanent: isPermanent, retryAfter: failure.retryAfter)
    }
}
