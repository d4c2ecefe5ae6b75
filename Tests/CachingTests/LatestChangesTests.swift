import Core
import TestKit
import Testing

@testable import Caching

/// What is taken for valid has not changed.
@Suite struct LatestChangesTests {
    private let changes = LatestChanges()
    private let order = CacheDependency.entity(.first, "order", Identifier(high: 1, low: 2 << 8))
    private let orders = CacheDependency.entityType(.first, "order")

    private func isValid(_ readAt: Int64, _ dependencies: CacheDependency...) -> Bool {
        changes.isValid(readAt: LogPosition(readAt), dependencies)
    }

    @Test func aChangeEndsWhatWasReadBefore() {
        #expect(isValid(5, order))
        changes.changed(order, at: LogPosition(6))
        #expect(!isValid(5, order))
        #expect(isValid(6, order) && isValid(7, order))
        changes.changed(order, at: LogPosition(3))
        #expect(!isValid(5, order), "an earlier change must not take a later one back")
    }

    @Test func anEntryIsValidWhenAllThatItWasMadeOfIs() {
        changes.changed(orders, at: LogPosition(9))
        #expect(isValid(8, order))
        #expect(!isValid(8, order, orders))
        #expect(isValid(9, order, orders))
        #expect(isValid(8, .entityType(Tenant(2), "order")), "tenants are kept apart")
        #expect(isValid(8, .entityType(.first, "product")), "types are kept apart")
        #expect(isValid(8))
    }

    @Test func nothingBelowTheFloorIsValid() {
        changes.raiseFloor(to: LogPosition(10))
        changes.raiseFloor(to: LogPosition(4))
        #expect(!isValid(9, order) && !isValid(9))
        #expect(isValid(10, order))
    }

    /// Against a plain dictionary: what is said to be valid is.
    @Test func nothingThatChangedIsTakenForValid() {
        var random = SeededRandom.fresh()
        var truth: [CacheDependency: Int64] = [:]
        let things = (0..<5_000).map { number -> CacheDependency in
            number % 10 == 0
                ? .entityType(Tenant(Int64(number)), "order")
                : .entity(.first, "order", Identifier(high: 1, low: random.next()))
        }
        var needless = 0
        for position in 1...Int64(5_000) {
            let thing = things[Int.random(in: 0..<things.count, using: &random)]
            changes.changed(thing, at: LogPosition(position))
            truth[thing] = position
            let other = things[Int.random(in: 0..<things.count, using: &random)]
            let readAt = Int64.random(in: 0...position, using: &random)
            if isValid(readAt, other) {
                #expect((truth[other] ?? 0) <= readAt, "\(random)")
            } else if (truth[other] ?? 0) <= readAt {
                needless += 1
            }
        }
        #expect(needless < 1_500, "\(random): slots are shared too often")
    }
}
