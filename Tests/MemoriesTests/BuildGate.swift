import Synchronization
import TestKit

@testable import Memories

/// Holds what makes indexes before each of its steps, until a test lets it go on or the server ends.
final class BuildGate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: (step: CollectionIndexes.BuildStep, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    /// Holds what makes the indexes of a role.
    init(_ role: MemoryRole) {
        role.builder.onStep.withLock { $0 = { [self] in await arrive($0) } }
    }

    /// The step that is about to be done; nil when nothing waits.
    var held: CollectionIndexes.BuildStep? { state.withLock { $0.waiting?.step } }

    /// Lets what waits do its step.
    func pass() {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.continuation.resume()
    }

    /// Holds nothing any more.
    func open() {
        state.withLock { $0.isOpen = true }
        pass()
    }

    /// Lets steps be done until one of a kind is about to be.
    func reach(_ step: CollectionIndexes.BuildStep) async throws {
        try await wait {
            let held = held
            if let held, held != step { pass() }
            return held == step
        }
    }

    private func arrive(_ step: CollectionIndexes.BuildStep) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiting = (step, continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        } onCancel: {
            open()
        }
    }
}
