import Core
import Synchronization

/// Makes one computation of what many ask for at the same time.
///
/// The computation belongs to none of them: one that is cancelled takes nothing from the others. A failure is told to
/// all who waited, since each would have met it.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Flight {
        let number: UInt64
        let position: LogPosition
        let computation: Task<Value, any Error>
    }

    private struct State {
        var flights: [Key: Flight] = [:]
        var nextNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The outcome of the computation of a key that is in progress, or else of a new one.
    ///
    /// - parameters:
    ///   - position: what a computation that begins now includes at least.
    ///   - isCurrent: whether nothing has changed since the position that a computation in progress includes. One that
    ///     includes less than it should, or than a new one would, is left to those who wait for it already.
    /// - returns: the outcome, and whether it is that of a computation which somebody else began.
    func value(
        for key: Key, at position: LogPosition, joining isCurrent: (_ position: LogPosition) -> Bool,
        _ compute: @escaping @Sendable () async throws -> Value
    ) async throws -> (value: Value, isShared: Bool) {
        let (computation, isShared) = state.withLock { state in
            if let flight = state.flights[key], flight.position >= position || isCurrent(flight.position) {
                return (flight.computation, true)
            }
            state.nextNumber += 1
            let number = state.nextNumber
            let computation = Task { [self] in
                defer { end(key, number) }
                return try await compute()
            }
            state.flights[key] = Flight(number: number, position: position, computation: computation)
            return (computation, false)
        }
        return (try await computation.value, isShared)
    }

    /// How many computations are in progress, without those that a change made out of date.
    var count: Int { state.withLock { $0.flights.count } }

    private func end(_ key: Key, _ number: UInt64) {
        state.withLock { state in
            if state.flights[key]?.number == number { state.flights[key] = nil }
        }
    }
}
