import ChangeLog
import Core
import TestKit
import Testing

@testable import Observers

@Suite struct LaneQueueTests {
    private func delivery(_ position: Int64, lane: Int64) -> Delivery {
        Delivery(
            key: .init(channel: .init(observer: 1, action: 0), position: LogPosition(position), replay: 0),
            tenant: .first, lane: lane, partition: 1, attempts: 0, eventAt: Timestamp(microseconds: 0),
            isBehindRetry: false)
    }

    @Test func theNextOfALaneBeginsOnceTheOneBeforeIsDone() {
        var queue = LaneQueue()
        let (first, second) = (delivery(1, lane: 7), delivery(2, lane: 7))
        queue.add(first)
        queue.add(second)
        #expect(queue.next()?.key == first.key)
        #expect(queue.next() == nil)
        queue.finish(first, isDone: true)
        #expect(queue.next()?.key == second.key)
    }

    @Test func lanesDoNotWaitForEachOther() {
        var queue = LaneQueue()
        for position in 1...3 { queue.add(delivery(Int64(position), lane: Int64(position))) }
        #expect((1...3).map { _ in queue.next()?.key.position.value } == [1, 2, 3])
    }

    @Test func whatStandsBehindAFailureLeaves() {
        var queue = LaneQueue()
        let first = delivery(1, lane: 7)
        for position in 1...3 { queue.add(delivery(Int64(position), lane: 7)) }
        queue.add(delivery(9, lane: 8))
        _ = queue.next()
        #expect(queue.followers(of: first).map(\.key.position.value) == [2, 3])
        queue.finish(first, isDone: false)
        #expect(queue.count == 1)
        #expect(queue.next()?.key.position.value == 9)
    }

    @Test func whatIsHereIsNotTakenInTwice() {
        var queue = LaneQueue()
        let first = delivery(1, lane: 7)
        queue.add(first)
        _ = queue.next()
        queue.add(first)
        #expect(queue.count == 1)
        #expect(queue.next() == nil)
    }

    /// What was read before it ended is older than its end.
    @Test func whatEndsWhileTheTableIsReadIsNotTakenInAgain() {
        var queue = LaneQueue()
        let (first, second) = (delivery(1, lane: 7), delivery(2, lane: 7))
        queue.add(first)
        _ = queue.next()
        queue.beginReading()
        queue.finish(first, isDone: true)
        queue.endReading([first, second])
        #expect(queue.next()?.key == second.key)
        #expect(queue.next() == nil)
        queue.beginReading()
        queue.endReading([first])
        #expect(queue.count == 2)
    }

    /// Those behind a failure wait in the table, also those that were being read as it happened.
    @Test func whatStandsBehindAFailureIsNotTakenInFromAnOlderReading() {
        var queue = LaneQueue()
        let (first, second) = (delivery(1, lane: 7), delivery(2, lane: 7))
        queue.add(first)
        _ = queue.next()
        queue.beginReading()
        queue.finish(first, isDone: false)
        queue.endReading([first, second, delivery(3, lane: 8)])
        #expect(queue.next()?.key.position.value == 3)
        #expect(queue.next() == nil)
        queue.beginReading()
        queue.endReading([first])
        #expect(queue.next()?.key == first.key)
    }

    @Test func whatWasNotAttemptedGoesBackToItsPlace() {
        var queue = LaneQueue()
        let first = delivery(1, lane: 7)
        queue.add(first)
        queue.add(delivery(2, lane: 7))
        _ = queue.next()
        queue.putBack(first)
        #expect(queue.next()?.key == first.key)
    }

    /// Random histories: the order within each lane holds, and nothing is lost, whatever fails on the way.
    @Test func orderHoldsInRandomHistories() {
        var random = SeededRandom.fresh()
        for _ in 0..<200 {
            var queue = LaneQueue()
            var table = (1...60).map { delivery($0, lane: Int64.random(in: 0..<6, using: &random)) }
            var done: [Delivery] = []
            var active: [Delivery] = []
            while !table.isEmpty {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: for delivery in table.prefix(20) { queue.add(delivery) }
                case 1: if let next = queue.next() { active.append(next) }
                default:
                    guard let ended = active.randomElement(using: &random) else { continue }
                    active.removeAll { $0.key == ended.key }
                    let isDone = Bool.random(using: &random)
                    queue.finish(ended, isDone: isDone)
                    guard isDone else { continue }
                    table.removeAll { $0.key == ended.key }
                    done.append(ended)
                }
            }
            for lane in Set(done.map(\.lane)) {
                let positions = done.filter { $0.lane == lane }.map(\.key.position)
                #expect(positions == positions.sorted(), "\(random)")
            }
            #expect(Set(done.map(\.key.position.value)) == Set(1...60), "\(random)")
        }
    }
}
