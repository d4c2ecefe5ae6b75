import Core
import Synchronization
import TestKit
import Testing

@testable import ChangeLog

/// Nobody who waits is missed, woken twice, or left behind.
@Suite(.timeLimit(.minutes(5))) struct ChangeSignalTests {
    @Test func aWaiterWhoseTimeIsAlreadyOverReturns() async throws {
        let signal = ChangeSignal()
        for _ in 0..<200 { try await signal.wait(atMost: .zero) { false } }
        for _ in 0..<200 { try await signal.wait(atMost: .nanoseconds(1)) { false } }
        for _ in 0..<50 { try await signal.wait(atMost: .microseconds(50)) { false } }
        #expect(signal.waiterCount == 0)
    }

    @Test func cancelledWaitersLeave() async throws {
        let signal = ChangeSignal()
        for _ in 0..<200 {
            let task = Task { try await signal.wait(atMost: .seconds(600)) { false } }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        #expect(signal.waiterCount == 0)
    }

    @Test func noSignalIsLostWhileManyWaitAndOneMovesOn() async throws {
        let signal = ChangeSignal()
        let level = Level()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for waiter in 1...100 {
                group.addTask {
                    for round in 1...20 {
                        let wanted = (waiter * round) % 1_000
                        try await signal.wait(atMost: .seconds(600)) {
                            level.value.load(ordering: .acquiring) >= wanted
                        }
                        #expect(level.value.load(ordering: .acquiring) >= wanted)
                    }
                }
            }
            group.addTask {
                for _ in 0..<1_000 {
                    level.value.wrappingAdd(1, ordering: .acquiringAndReleasing)
                    signal.fire()
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        #expect(signal.waiterCount == 0)
    }

    @Test func aWaiterForAChangeIsNotWokenByAnEarlierOne() async throws {
        let store = try await TestStore()
        let log = store.log
        let waiter = Task { try await log.waitForChange(after: LogPosition(3), atMost: .seconds(60)) }
        for _ in 0..<4 { try await store.append("order", 1) }
        try await waiter.value
        #expect(log.head == LogPosition(4))
    }
}

/// A number that several tasks look at.
private final class Level: Sendable {
    let value = Atomic<Int>(0)
}
