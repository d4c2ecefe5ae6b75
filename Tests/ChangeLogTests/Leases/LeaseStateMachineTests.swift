import Testing

@testable import ChangeLog

/// When an instance asks, works and stops, by its own clock. Durations are 30 s in the database: 27 s count here, a
/// renewal is due after 10 s, and a rest takes 1 s.
@Suite struct LeaseStateMachineTests {
    private typealias Machine = LeaseStateMachine

    private func machine() -> Machine { Machine(duration: .seconds(30)) }

    /// A machine whose lease was asked for at 0 and acquired under the token 7.
    private func holder() -> Machine {
        var machine = machine()
        _ = machine.handle(.acquired(token: 7, asked: .zero), at: .seconds(1))
        return machine
    }

    @Test func aHoldingCountsFromBeforeItWasAskedFor() {
        var machine = machine()
        #expect(machine.start() == [.ask(.acquire)])
        #expect(
            machine.handle(.acquired(token: 7, asked: .seconds(100)), at: .seconds(104)) == [
                .begin(token: 7), .wake(at: .seconds(110)), .wake(at: .seconds(127)),
            ])
        #expect(machine.deadline == .seconds(127))
    }

    @Test func anAnswerThatComesTooLateIsNoHolding() {
        var machine = machine()
        #expect(
            machine.handle(.acquired(token: 7, asked: .zero), at: .seconds(27)) == [.wake(at: .seconds(28))])
        #expect(machine.handle(.woken, at: .seconds(28)) == [.ask(.acquire)])
    }

    @Test func itIsRenewedAtAThirdAndOneAtATime() {
        var machine = holder()
        #expect(machine.handle(.woken, at: .seconds(9)).isEmpty)
        #expect(machine.handle(.woken, at: .seconds(10)) == [.ask(.renew(token: 7))])
        #expect(machine.handle(.woken, at: .seconds(11)).isEmpty)
        #expect(
            machine.handle(.renewed(token: 7, asked: .seconds(10)), at: .seconds(12)) == [
                .wake(at: .seconds(20)), .wake(at: .seconds(37)),
            ])
        // The waits of before the renewal are over without effect.
        #expect(machine.handle(.woken, at: .seconds(19)).isEmpty)
        #expect(machine.handle(.woken, at: .seconds(20)) == [.ask(.renew(token: 7))])
    }

    @Test func aRenewalThatFailsIsTriedAgainUntilTheWorkMustStop() {
        var machine = holder()
        _ = machine.handle(.woken, at: .seconds(10))
        #expect(machine.handle(.failed(.renew(token: 7)), at: .seconds(12)) == [.wake(at: .seconds(13))])
        #expect(machine.handle(.woken, at: .seconds(13)) == [.ask(.renew(token: 7))])
        #expect(machine.handle(.woken, at: .seconds(26)).isEmpty)
        #expect(machine.handle(.woken, at: .seconds(27)) == [.stop])
    }

    @Test func aRenewalThatIsAnsweredAfterTheWorkStoppedDoesNotBeginItAgain() {
        var machine = holder()
        _ = machine.handle(.woken, at: .seconds(10))
        #expect(machine.handle(.woken, at: .seconds(27)) == [.stop])
        #expect(machine.handle(.renewed(token: 7, asked: .seconds(10)), at: .seconds(28)).isEmpty)
        #expect(machine.handle(.ended, at: .seconds(29)) == [.wake(at: .seconds(30))])
        #expect(machine.handle(.woken, at: .seconds(30)) == [.ask(.acquire)])
        #expect(machine.handle(.acquired(token: 8, asked: .seconds(30)), at: .seconds(31)).first == .begin(token: 8))
        // What is said of an earlier token changes nothing.
        #expect(machine.handle(.lost(token: 7), at: .seconds(32)).isEmpty)
        #expect(machine.handle(.failed(.renew(token: 7)), at: .seconds(32)).isEmpty)
        #expect(machine.deadline == .seconds(57))
    }

    @Test func whatIsLostIsStoppedAndAskedForAgain() {
        var machine = holder()
        #expect(machine.handle(.lost(token: 7), at: .seconds(10)) == [.stop])
        #expect(machine.handle(.ended, at: .seconds(11)) == [.wake(at: .seconds(12))])
        #expect(machine.handle(.woken, at: .seconds(12)) == [.ask(.acquire)])
        #expect(machine.handle(.refused, at: .seconds(13)) == [.wake(at: .seconds(14))])
        #expect(machine.handle(.woken, at: .seconds(14)) == [.ask(.acquire)])
        #expect(machine.handle(.failed(.acquire), at: .seconds(15)) == [.wake(at: .seconds(16))])
    }

    @Test func aHolderThatStopsGivesTheLeaseBackOnceItsWorkHasEnded() {
        var machine = holder()
        #expect(machine.handle(.cancelled, at: .seconds(5)) == [.stop])
        #expect(!machine.isDone)
        #expect(machine.handle(.ended, at: .seconds(6)) == [.ask(.release(token: 7))])
        #expect(!machine.isDone)
        #expect(machine.handle(.released, at: .seconds(7)).isEmpty)
        #expect(machine.isDone)
    }

    @Test func whoStopsWhileAskingGivesBackWhatItGets() {
        var machine = machine()
        #expect(machine.handle(.cancelled, at: .seconds(1)).isEmpty)
        #expect(machine.handle(.acquired(token: 7, asked: .zero), at: .seconds(2)) == [.ask(.release(token: 7))])
        #expect(machine.handle(.failed(.release(token: 7)), at: .seconds(3)).isEmpty)
        #expect(machine.isDone)
    }

    @Test(arguments: [LeaseStateMachine.Event.refused, .failed(.acquire)])
    func whoStopsWithoutTheLeaseIsDoneAtOnce(event: LeaseStateMachine.Event) {
        var asking = machine()
        _ = asking.handle(.cancelled, at: .seconds(1))
        #expect(asking.handle(event, at: .seconds(2)).isEmpty)
        #expect(asking.isDone)
        var resting = machine()
        _ = resting.handle(event, at: .seconds(1))
        #expect(resting.handle(.cancelled, at: .seconds(2)).isEmpty)
        #expect(resting.isDone)
    }
}
