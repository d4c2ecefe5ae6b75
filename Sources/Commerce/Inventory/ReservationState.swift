import Core

/// Where a reservation stands. It is held until one of three ends, and an end is final.
public enum ReservationState: String, CaseIterable, Sendable {
    /// Its units are set aside.
    case held
    /// Its units have left the stock.
    case committed
    /// Its units were given back.
    case released
    /// Its time ran out, and its units were given back.
    case expired

    /// The states that may follow.
    public var next: [ReservationState] {
        switch self {
        case .held: [.committed, .released, .expired]
        case .committed, .released, .expired: []
        }
    }

    /// The state after a move.
    ///
    /// - throws: ``Failure`` `illegal_transition` that names the legal moves.
    public func moved(to target: ReservationState) throws -> ReservationState {
        guard next.contains(target) else {
            let legal = next.map(\.rawValue).joined(separator: ", ")
            throw Failure.conflict(
                "illegal_transition",
                next.isEmpty
                    ? "The reservation is \(rawValue), which is final. Make a new one."
                    : "A reservation that is \(rawValue) cannot become \(target.rawValue), only \(legal).",
                details: [
                    .init("from", .string(rawValue)), .init("to", .string(target.rawValue)),
                    .init("allowed", .array(next.map { .string($0.rawValue) })),
                ])
        }
        return target
    }
}
