import Core
import Synchronization

/// Makes one computation of what many ask for at the same time.
///
/// The first who asks computes, where it runs, and those who come meanwhile wait for it. A failure is told to all who
/// waited, since each would have met it; but when the first is cancelled and fails, another of them takes its place.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private typealias Waiter = CheckedContinuation<Ending, Never>

    /// What is told to those who waited.
    private enum Ending: Sendable {
        case computed(Result<Value, any Error>)
        /// There is nothing to wait for, or no longer.
        case abandoned
    }

    private struct Flight {
        let number: UInt64
        let position: LogPosition
        var waiters: [Waiter] = []

        func serves(_ wanted: LogPosition, _ isCurrent: (LogPosition) -> Bool) -> Bool {
            position >= wanted || isCurrent(position)
        }
    }

    private struct State {
        var flights: [Key: Flight] = [:]
        /// Those whom a change made out of date: nobody joins them, and some may wait for them still.
        var superseded: [UInt64: [Waiter]] = [:]
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
        for key: Key, at position: LogPosition, joining isCurrent: @Sendable (_ position: LogPosition) -> Bool,
        _ compute: () async throws -> Value
    ) async throws -> (value: Value, isShared: Bool) {
        while true {
            if let number = begin(key, position, isCurrent) {
                do {
                    let value = try await compute()
                    end(key, number, .computed(.success(value)))
                    return (value, false)
                } catch {
                    end(key, number, Task.isCancelled ? .abandoned : .computed(.failure(error)))
                    throw error
                }
            }
            let ending = await withCheckedContinuation { waiter in
                if !join(key, position, isCurrent, waiter) { waiter.resume(returning: .abandoned) }
            }
            if case .computed(let outcome) = ending { return (try outcome.get(), true) }
        }
    }

    /// How many computations are in progress, without those that a change made out of date.
    var count: Int { state.withLock { $0.flights.count } }

    /// The number of a new computation; nil when there is one to wait for.
    private func begin(_ key: Key, _ position: LogPosition, _ isCurrent: (LogPosition) -> Bool) -> UInt64? {
        state.withLock { state in
            if let flight = state.flights[key] {
                if flight.serves(position, isCurrent) { return nil }
                state.superseded[flight.number] = flight.waiters
            }
            state.nextNumber += 1
            state.flights[key] = Flight(number: state.nextNumber, position: position)
            return state.nextNumber
        }
    }

    /// Waits for the computation in progress. Returns false when there is none any more that would do.
    private func join(
        _ key: Key, _ position: LogPosition, _ isCurrent: (LogPosition) -> Bool, _ waiter: Waiter
    ) -> Bool {
        state.withLock { state in
            guard state.flights[key]?.serves(position, isCurrent) == true else { return false }
            state.flights[key]?.waiters.append(waiter)
            return true
        }
    }

    private func end(_ key: Key, _ number: UInt64, _ ending: Ending) {
        let waiters = state.withLock { state in
            if let superseded = state.superseded.removeValue(forKey: number) { return superseded }
            return state.flights.removeValue(forKey: key)?.waiters ?? []
        }
        for waiter in waiters { waiter.resume(returning: ending) }
    }
}
