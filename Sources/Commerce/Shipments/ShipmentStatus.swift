/// Where a shipment stands, and what may follow.
public enum ShipmentStatus: String, Lifecycle {
    /// Planned: its quantities are set aside from the order.
    case pending
    /// Packed and waiting for the carrier.
    case readyToShip = "ready_to_ship"
    /// Held back before it left.
    case onHold = "on_hold"
    /// Handed to the carrier: its goods have left the stock.
    case shipped
    /// On its way.
    case inTransit = "in_transit"
    /// On the last vehicle.
    case outForDelivery = "out_for_delivery"
    /// With the customer.
    case delivered
    /// The carrier could not deliver; it may try again.
    case failed
    /// Brought back by the carrier. A return takes its goods back into stock.
    case returned
    /// Given up before it left: its quantities are free for another shipment.
    case cancelled

    public static let subject = "shipment"

    public var next: [ShipmentStatus] {
        switch self {
        case .pending: [.readyToShip, .shipped, .onHold, .cancelled]
        case .readyToShip: [.shipped, .onHold, .cancelled]
        case .onHold: [.pending, .readyToShip, .cancelled]
        case .shipped: [.inTransit, .delivered, .failed]
        case .inTransit: [.outForDelivery, .delivered, .failed]
        case .outForDelivery: [.delivered, .failed]
        case .failed: [.inTransit, .returned]
        case .delivered, .returned, .cancelled: []
        }
    }

    /// Whether the goods have left the stock.
    public var hasLeft: Bool {
        switch self {
        case .pending, .readyToShip, .onHold, .cancelled: false
        case .shipped, .inTransit, .outForDelivery, .delivered, .failed, .returned: true
        }
    }
}

/// What a move of a shipment demands of the stock and of the order's quantities.
enum ShipmentEffect: Equatable {
    /// The goods leave the stock.
    case takeStock
    /// The quantities may go into another shipment.
    case freeQuantities
}

/// The one guard of a shipment's moves: it decides what a move demands, and whoever holds the transaction does it.
struct ShipmentStateMachine {
    private(set) var status: ShipmentStatus

    /// Moves on and returns what that demands.
    ///
    /// - throws: ``Failure`` `illegal_transition`.
    mutating func move(to target: ShipmentStatus) throws -> ShipmentEffect? {
        status = try status.moved(to: target)
        switch target {
        case .shipped: return .takeStock
        case .cancelled: return .freeQuantities
        default: return nil
        }
    }
}
