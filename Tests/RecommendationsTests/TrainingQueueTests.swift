import Core
import TestKit
import Testing

@testable import Recommendations

/// Everybody has a turn, whoever writes how much.
@Suite struct TrainingQueueTests {
    private let start = ContinuousClock.now

    private func queue(growth: Double = 0) -> TrainingQueue {
        TrainingQueue(TrainingSchedule(growth: growth, interval: .seconds(3_600)))
    }

    private func candidate(
        _ number: Int64, _ changes: UInt64, learnt: UInt64? = nil, generation: UInt64 = 1
    ) -> TrainingQueue.Candidate {
        TrainingQueue.Candidate(tenant: Tenant(number), generation: generation, changes: changes, learnt: learnt)
    }

    @Test func whoNeverHadAModelComesFirst() {
        var queue = queue()
        #expect(queue.next(of: [], now: start) == nil)
        #expect(queue.next(of: [candidate(1, 0)], now: start) == nil)
        queue.ended(candidate(1, 5), from: start, at: start + .seconds(1))
        let later = start + .seconds(100)
        #expect(queue.next(of: [candidate(1, 900), candidate(2, 1)], now: later) == Tenant(2))
        #expect(queue.next(of: [candidate(1, 900), candidate(2, 0)], now: later) == Tenant(1))
    }

    @Test func aModelThatWasKeptIsNotLearntAgain() {
        var queue = queue(growth: 0.1)
        #expect(queue.next(of: [candidate(1, 100, learnt: 95)], now: start) == nil)
        #expect(queue.next(of: [candidate(1, 120, learnt: 95)], now: start + .seconds(10)) == Tenant(1))
    }

    /// What is known of trainings says nothing of an index that was made anew, whatever is counted in it.
    @Test func anotherIndexIsLearntAnew() {
        var queue = queue(growth: 0.1)
        queue.ended(candidate(1, 500), from: start, at: start + .seconds(1))
        let later = start + .seconds(10)
        #expect(queue.next(of: [candidate(1, 400)], now: later) == nil)
        #expect(queue.newChanges(of: candidate(1, 400)) == 0)
        #expect(queue.newChanges(of: candidate(1, 400, generation: 2)) == 400)
        #expect(queue.next(of: [candidate(1, 400, generation: 2)], now: later) == Tenant(1))
        // A training of the index before may end after that, and says nothing either.
        queue.ended(candidate(1, 500), from: start, at: later)
        #expect(queue.next(of: [candidate(1, 400, generation: 2)], now: later) == Tenant(1))
        // There may be a model that was kept.
        #expect(queue.next(of: [candidate(1, 400, learnt: 390, generation: 3)], now: later) == nil)
    }

    /// Three tenants write all the time and take long to learn, others write seldom. None of these still waits from
    /// before the last turn of somebody who has another one.
    @Test func nobodyHasTwoTurnsWhileAnotherWaits() {
        var random = SeededRandom.fresh()
        var queue = queue()
        var changes: [Int64: UInt64] = [:]
        var waiting: [Int64: Int] = [:]
        var turns: [Int64] = []
        var now = start
        for _ in 0..<2_000 {
            for number in Int64(1)...20 where number <= 3 || Int.random(in: 0..<50, using: &random) == 0 {
                changes[number, default: 0] += number <= 3 ? 10_000 : 1
                if waiting[number] == nil { waiting[number] = turns.count }
            }
            let candidates = changes.map { candidate($0.key, $0.value) }.shuffled(using: &random)
            guard let tenant = queue.next(of: candidates, now: now)?.number else {
                now += .milliseconds(500)
                continue
            }
            let last = turns.lastIndex(of: tenant)
            let passedOver = waiting.filter { $0.key > 3 && $0.key != tenant && $0.value <= last ?? -1 }
            #expect(passedOver.isEmpty, "\(tenant) at turn \(turns.count), \(random)")
            let end = now + .milliseconds(tenant <= 3 ? 5_000 : 10)
            queue.ended(candidate(tenant, changes[tenant] ?? 0), from: now, at: end)
            waiting[tenant] = nil
            turns.append(tenant)
            now = end
        }
        let counts = Dictionary(grouping: turns) { $0 }.mapValues(\.count)
        #expect(counts.count == 20, "\(random)")
        let busy = (1...3).compactMap { counts[$0] }
        #expect((busy.max() ?? 0) - (busy.min() ?? 0) <= 1, "\(busy), \(random)")
    }
}
