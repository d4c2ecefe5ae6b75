import Core
import Expressions
import Storage

/// What came of an attempt.
enum DeliveryOutcome: Sendable {
    /// The receiver has it.
    case delivered
    /// A statement that is to run in the transaction that says so.
    case execute(statement: String, parameters: [(name: String, value: SQLValue)])
    /// The event is to be put into the server's own index in the transaction that says so.
    case index
    /// The observer turned out not to want the event.
    case unwanted
    /// It did not arrive.
    case failed(DeliveryFailure)

    /// Whether the destination works; nil when nothing was learnt of it.
    var destinationIsWell: Bool? {
        switch self {
        case .delivered, .execute, .index: true
        // Nobody was asked.
        case .unwanted: nil
        case .failed(let failure): failure.destinationIsWell
        }
    }
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
    /// Whether the destination works, as far as the failure tells: false where it concerns whatever goes there, nil
    /// where it concerns this delivery, and nothing is learnt of the destination.
    var destinationIsWell: Bool?

    init(
        reason: String, message: String, isPermanent: Bool = false, retryAfter: Int? = nil, isGone: Bool = false,
        destinationIsWell: Bool? = nil
    ) {
        self.reason = reason
        self.message = message.replacing("\0", with: " ")
        self.isPermanent = isPermanent
        self.retryAfter = retryAfter
        self.isGone = isGone
        self.destinationIsWell = destinationIsWell
    }
}

extension DeliveryFailure {
    /// The failure of a condition that has no answer.
    init(_ failure: ConditionFailure) {
        self.init(reason: "condition_failed", message: failure.message, isPermanent: true)
    }

    /// The failure of a lookup that the event does not allow, so that its condition cannot be asked.
    static func lookup(_ failure: Failure) -> DeliveryFailure {
        DeliveryFailure(reason: "lookup_failed", message: failure.message, isPermanent: true)
    }

    /// Whether it is one of a statement that kept its transaction waiting.
    var isDelay: Bool { reason == "statement_busy" || reason == "statement_timeout" }

    /// Whether a failure for that reason says that the condition was not answered.
    static func isUndecided(_ reason: String) -> Bool { ["condition_failed", "lookup_failed"].contains(reason) }

    /// The failure that an error stands for.
    ///
    /// - parameter isFromSending: whether it came up as something was sent, so that it may tell of the destination.
    init(_ error: any Error, isFromSending: Bool = false) {
        guard let failure = error as? Failure else {
            self.init(reason: "failed", message: "\(error)", destinationIsWell: isFromSending ? false : nil)
            return
        }
        // Who lets nobody in does so whatever is sent. What else cannot pass is wrong with the message, or with what
        // was configured for it: a row of such messages must not keep the others from being sent.
        let concernsDestination = failure.kind.mayPass || failure.kind == .unauthenticated
        self.init(
            reason: failure.code, message: failure.message, isPermanent: !failure.kind.mayPass,
            retryAfter: failure.retryAfter, destinationIsWell: isFromSending && concernsDestination ? false : nil)
    }
}
