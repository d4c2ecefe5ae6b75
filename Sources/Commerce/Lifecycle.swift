import Core

/// The states that a thing passes through, each knowing which may follow it.
///
/// A conforming enumeration is the only place where its moves stand; everything that moves a thing asks it.
public protocol Lifecycle: RawRepresentable, CaseIterable, Hashable, Sendable where RawValue == String {
    /// What the thing is called in messages, for example `shipment`.
    static var subject: String { get }
    /// The states that may follow this one; empty for a final state.
    var next: [Self] { get }
}

extension Lifecycle {
    /// Whether nothing may follow.
    public var isFinal: Bool { next.isEmpty }

    /// The state after a move.
    ///
    /// - throws: ``Failure`` `illegal_transition`, whose details name the present state and those that are `allowed`.
    public func moved(to target: Self) throws -> Self {
        guard next.contains(target) else {
            let remedy =
                isFinal
                ? "That state is final."
                : "It may become \(next.map(\.rawValue).joined(separator: ", "))."
            throw Failure.conflict(
                "illegal_transition",
                "A \(Self.subject) that is \(rawValue) cannot become \(target.rawValue). \(remedy)",
                details: [
                    .init("status", .string(rawValue)),
                    .init("allowed", .array(next.map { .string($0.rawValue) })),
                ])
        }
        return target
    }
}
