/// Where a return stands, and what may follow.
public enum ReturnStatus: String, Lifecycle {
    /// The customer asks for it.
    case requested
    /// The customer may send the goods.
    case approved
    /// The shop does not take the goods back.
    case rejected
    /// The goods are here.
    case received
    /// The goods that are fit for sale are in stock again.
    case restocked
    /// The customer has the money back.
    case refunded
    /// Given up before the goods came.
    case cancelled

    public static let subject = "return"

    public var next: [ReturnStatus] {
        switch self {
        case .requested: [.approved, .rejected, .cancelled]
        case .approved: [.received, .cancelled]
        case .received: [.restocked, .refunded]
        case .restocked: [.refunded]
        case .rejected, .refunded, .cancelled: []
        }
    }

    /// Whether the goods came back.
    public var hasArrived: Bool {
        switch self {
        case .requested, .approved, .rejected, .cancelled: false
        case .received, .restocked, .refunded: true
        }
    }
}

/// What a move of a return demands of quantities, stock and payments.
enum ReturnEffect: Equatable {
    /// The quantities and amounts may go into another return.
    case freeQuantities
    /// What did not arrive may go into another return.
    case settleReceived
    /// The goods go into stock.
    case putIntoStock
    /// The amount is paid back.
    case payBack
}

/// The one guard of a return's moves: it decides what a move demands, and whoever holds the transaction does it.
struct ReturnStateMachine {
    private(set) var status: ReturnStatus

    /// Moves on and returns what that demands.
    ///
    /// - throws: ``Failure`` `illegal_transition`.
    mutating func move(to target: ReturnStatus) throws -> ReturnEffect? {
        status = try status.moved(to: target)
        switch target {
        case .rejected, .cancelled: return .freeQuantities
        case .received: return .settleReceived
        case .restocked: return .putIntoStock
        case .refunded: return .payBack
        case .requested, .approved: return nil
        }
    }
}
