import Testing

@testable import Recommendations

@Suite struct TrainingScheduleTests {
    private let start = ContinuousClock.now

    private func schedule(growth: Double = 0.1) -> TrainingSchedule {
        TrainingSchedule(growth: growth, interval: .seconds(100))
    }

    @Test func beginsAsSoonAsThereIsAnything() {
        #expect(!schedule().isDue(changes: 0, now: start))
        #expect(schedule().isDue(changes: 1, now: start))
    }

    @Test func waitsForGrowthOrForLong() {
        var schedule = schedule()
        schedule.ended(from: start, at: start + .milliseconds(10), changes: 900)
        let later = start + .seconds(10)
        #expect(!schedule.isDue(changes: 900, now: start + .seconds(1_000)))
        #expect(!schedule.isDue(changes: 999, now: later))
        #expect(schedule.isDue(changes: 1_000, now: later))
        #expect(!schedule.isDue(changes: 901, now: start + .seconds(100)))
        #expect(schedule.isDue(changes: 901, now: start + .milliseconds(100_010)))
    }

    @Test func restsAsLongAsItWorked() {
        var schedule = schedule(growth: 0)
        schedule.ended(from: start, at: start + .seconds(30), changes: 1)
        #expect(!schedule.isDue(changes: 2, now: start + .seconds(59)))
        #expect(schedule.isDue(changes: 2, now: start + .seconds(60)))
        schedule.ended(from: start, at: start, changes: 2)
        #expect(!schedule.isDue(changes: 3, now: start + .milliseconds(999)))
        #expect(schedule.isDue(changes: 3, now: start + TrainingSchedule.leastRest))
    }

    @Test func goesOnFromAModelThatWasKept() {
        var schedule = schedule()
        schedule.restored(at: start, changes: 900)
        #expect(!schedule.isDue(changes: 950, now: start + .seconds(10)))
        #expect(schedule.isDue(changes: 1_000, now: start + .seconds(10)))
    }
}
