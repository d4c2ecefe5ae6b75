import Core
import Expressions
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
    /// What happened, for people. Receivers may say anything; PostgreSQL stores no text with a NUL.
    let message: String
    /// Whether trying again cannot help.
    var isPermanent = false
    /// How many seconds the receiver asks to wait.
    var retryAfter: Int?
    /// Whether the receiver wants no more events at all.
    var isGone = false

    init(
        reason: String, message: String, isPermanent: Bool = false, retryAfter: Int? = nil, isGone: Bool = false
    ) {
        self.reason = reason
        self.message = message.replacing("\0", with: " ")
        self.isPermanent = isPermanent
        self.retryAfter = retryAfter
        self.isGone = isGone
    }
}

extension DeliveryFailure {
    /// The failure of a condition that has no answer.
    init(_ failure: ConditionFailure) {
        self.init(reason: "condition_failed", message: failure.message, isPermanent: true)
    }

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
