import Core
import Synchronization
import Testing

@testable import Caching

/// Many who ask for one thing make one computation, and none of them has another's trouble.
@Suite(.timeLimit(.minutes(5))) struct SingleFlightTests {
    private let flights = SingleFlight<String, Int>()

    /// A computation that waits until it is let go, and counts how often it ran.
    private final class Computation: Sendable {
        let runs = Atomic<Int>(0)
        let callers = Atomic<Int>(0)
        private let (gate, opener) = AsyncStream.makeStream(of: Void.self)

        func run() async -> Int {
            let run = runs.add(1, ordering: .relaxed).newValue
            for await _ in gate {}
            return run
        }

        func letGo() { opener.finish() }
    }

    private func value(
        _ computation: Computation, at position: Int64 = 0, isCurrent: Bool = false
    ) async throws -> Int {
        try await flights.value(for: "key", at: LogPosition(position), joining: { _ in isCurrent }) {
            await computation.run()
        }.value
    }

    @Test func oneThousandCallersMakeOneComputation() async throws {
        let computation = Computation()
        let values = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 1...1_000 {
                group.addTask {
                    let number = computation.callers.add(1, ordering: .relaxed).newValue
                    if number == 1_000 { computation.letGo() }
                    return try await value(computation)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        // The last may come after the end of the one that all others share.
        #expect(computation.runs.load(ordering: .relaxed) <= 2)
        #expect(values.count == 1_000 && values.filter { $0 == 1 }.count >= 999)
        #expect(flights.count == 0)
    }

    @Test func oneWhoIsCancelledTakesNothingFromTheOthers() async throws {
        let computation = Computation()
        let first = Task { try await value(computation) }
        while computation.runs.load(ordering: .relaxed) == 0 { await Task.yield() }
        let second = Task { try await value(computation) }
        first.cancel()
        computation.letGo()
        #expect(try await second.value > 0, "what it shared, or its own")
        #expect(flights.count == 0)
    }

    @Test func whenTheOneWhoComputesIsCancelledAnotherDoes() async throws {
        let began = Computation()
        let first = Task {
            try await flights.value(for: "key", at: .start, joining: { _ in true }) {
                _ = await began.run()
                try Task.checkCancellation()
                return 0
            }
        }
        while began.runs.load(ordering: .relaxed) == 0 { await Task.yield() }
        let others = Computation()
        let waiting = (1...5).map { _ in Task { try await value(others, isCurrent: true) } }
        for _ in 1...100 { await Task.yield() }
        #expect(others.runs.load(ordering: .relaxed) == 0, "they wait")
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        others.letGo()
        for task in waiting { #expect(try await task.value > 0) }
        #expect(flights.count == 0)
    }

    @Test func aFailureIsToldAndForgotten() async throws {
        await #expect(throws: Failure.self) {
            try await flights.value(for: "key", at: .start, joining: { _ in true }) {
                throw Failure.notFound("order", 1)
            }
        }
        let value = try await flights.value(for: "key", at: .start, joining: { _ in true }) { 7 }
        #expect(value.value == 7 && !value.isShared)
    }

    /// Whoever needs no more than what is being computed is given that; who needs more has it computed.
    @Test func whatIncludesEnoughIsShared() async throws {
        let (first, second) = (Computation(), Computation())
        let old = Task { try await value(first, at: 5) }
        while first.runs.load(ordering: .relaxed) == 0 { await Task.yield() }
        let new = Task { try await value(second, at: 6) }
        while second.runs.load(ordering: .relaxed) == 0 { await Task.yield() }
        let third = Task {
            try await flights.value(for: "key", at: LogPosition(6), joining: { _ in false }) { 7 }
        }
        // It has no computation of its own, or it would be over before this.
        for _ in 1...1_000 { await Task.yield() }
        #expect(flights.count == 1)
        first.letGo()
        second.letGo()
        #expect(try await old.value == 1)
        #expect(try await new.value == 1)
        let shared = try await third.value
        #expect(shared.isShared ? shared.value == 1 : shared.value == 7)
    }

    /// After a change, whoever asks must not be given what was begun before.
    @Test func whatBeganBeforeAChangeIsNotShared() async throws {
        let (old, new) = (Computation(), Computation())
        let before = Task { try await value(old, at: 1) }
        while old.runs.load(ordering: .relaxed) == 0 { await Task.yield() }
        let after = Task { try await value(new, at: 2, isCurrent: false) }
        while new.runs.load(ordering: .relaxed) == 0 { await Task.yield() }
        old.letGo()
        _ = try await before.value
        #expect(flights.count == 1, "the end of the old one must leave the new one")
        let joined = Task { try await value(old, at: 3) }
        new.letGo()
        #expect(try await after.value == 1)
        _ = try await joined.value
        #expect(flights.count == 0)
    }
}
