import Core
import Testing

@testable import ChangeLog

/// The decisions of a follower, without a store.
@Suite struct FollowerStateMachineTests {
    private typealias Machine = FollowerStateMachine

    /// An action in words, so that two can be compared.
    private func text(_ action: Machine.Action) -> String {
        switch action {
        case .locate: "locate"
        case .rebuild: "rebuild"
        case .read(let after): "read \(after)"
        case .apply(let changes, let upTo): "apply \(changes.count) to \(upTo)"
        case .wait(let after): "wait \(after)"
        case .pause(let duration): "pause \(duration)"
        }
    }

    private func batch(_ upTo: Int64, _ count: Int = 0) -> ChangeBatch {
        let change = Change(
            position: LogPosition(upTo), tenant: .first, entityType: "order", entity: Identifier(high: 1, low: 1),
            operation: .insert, after: nil, before: nil, changedFields: [], actor: "", requestID: nil,
            traceparent: nil, time: .earliest)
        return ChangeBatch(changes: Array(repeating: change, count: count), upTo: LogPosition(upTo))
    }

    private func located(_ position: Int64?, start: Int64 = 0, last: Int64) -> Machine.Event {
        .located(position.map { LogPosition($0) }, start: LogPosition(start), last: LogPosition(last))
    }

    @Test func itLocatesReadsAppliesAndWaits() {
        var machine = Machine()
        #expect(text(machine.start()) == "locate")
        #expect(text(machine.handle(located(3, last: 9))) == "read 3")
        #expect(text(machine.handle(.read(batch(5, 2)))) == "apply 2 to 5")
        #expect(machine.position == LogPosition(3))
        #expect(text(machine.handle(.applied(LogPosition(5)))) == "wait 5")
        #expect(machine.position == LogPosition(5) && machine.stored == LogPosition(5))
        #expect(text(machine.handle(.waited)) == "read 5")
        #expect(text(machine.handle(.read(batch(9)))) == "wait 9")
        #expect(machine.position == LogPosition(9) && machine.stored == LogPosition(5))
    }

    @Test func nothingToApplyIsStoredOnlyOnceInAWhile() {
        var machine = Machine()
        _ = machine.handle(located(0, last: 50_000))
        #expect(text(machine.handle(.read(batch(9_999)))) == "wait 9999")
        #expect(text(machine.handle(.read(batch(10_000)))) == "apply 0 to 10000")
    }

    @Test func whatTheLogCannotContinueIsRebuilt() {
        var machine = Machine()
        #expect(text(machine.handle(located(nil, last: 9))) == "rebuild")
        #expect(text(machine.handle(.rebuilt)) == "locate")
        #expect(text(machine.handle(located(9, start: 7, last: 9))) == "read 9")
        #expect(text(machine.handle(.read(nil))) == "rebuild")
        var behind = Machine()
        #expect(text(behind.handle(located(6, start: 7, last: 9))) == "rebuild")
        var justEnough = Machine()
        #expect(text(justEnough.handle(located(7, start: 7, last: 9))) == "read 7")
        var empty = Machine()
        #expect(text(empty.handle(located(0, last: 0))) == "read 0")
        var ahead = Machine()
        #expect(text(ahead.handle(located(10, last: 9))) == "rebuild")
    }

    @Test func aRebuildThatDoesNotHelpIsNotRepeatedAtOnce() {
        var machine = Machine()
        #expect(text(machine.handle(located(nil, last: 9))) == "rebuild")
        _ = machine.handle(.rebuilt)
        #expect(text(machine.handle(located(nil, last: 9))) == "pause 0.1 seconds")
        #expect(text(machine.handle(.paused)) == "locate")
        #expect(text(machine.handle(located(nil, last: 9))) == "rebuild")
    }

    @Test func pausesDoubleWithinBoundsAndStartAnewAfterASuccess() {
        var machine = Machine()
        var pauses: [Duration] = []
        for _ in 0..<12 {
            if case .pause(let duration) = machine.handle(.failed) { pauses.append(duration) }
            #expect(text(machine.handle(.paused)) == "locate")
        }
        #expect(pauses.prefix(3) == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
        #expect(pauses.suffix(3) == [.seconds(30), .seconds(30), .seconds(30)])
        _ = machine.handle(located(0, last: 1))
        _ = machine.handle(.read(batch(1, 1)))
        #expect(text(machine.handle(.failed)) == "pause 30.0 seconds")
        _ = machine.handle(.applied(LogPosition(1)))
        #expect(text(machine.handle(.failed)) == "pause 0.1 seconds")
    }
}
