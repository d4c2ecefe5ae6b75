import Core
import Testing

@testable import Commerce

@Suite struct RefundShareTests {
    @Test func threeUnitsThatCostADollarGiveBackADollar() throws {
        let share = RefundShare(total: Money(stored: 100, currency: .usd), ordered: 3)
        let first = try share.amount(for: 1, after: 0, refunded: .zero(.usd))
        let second = try share.amount(for: 1, after: 1, refunded: first)
        let third = try share.amount(for: 1, after: 2, refunded: first.adding(second))
        #expect([first, second, third].map(\.description) == ["0.33", "0.34", "0.33"])
        #expect(try share.limit(for: 1).description == "0.34")
        #expect(try share.limit(for: 2).description == "0.67")
        #expect(try share.limit(for: 3).description == "1.00")
    }

    @Test func whatWasGivenUpDoesNotLetLaterOnesGiveBackMore() throws {
        let share = RefundShare(total: Money(stored: 1, currency: .usd), ordered: 2)
        // The first of two units stands for 0.01; once it is given up, the other alone must not give back two.
        #expect(try share.amount(for: 1, after: 0, refunded: .zero(.usd)).minorUnits == 1)
        #expect(try share.amount(for: 1, after: 1, refunded: Money(stored: 1, currency: .usd)).minorUnits == 0)
    }

    /// Any order of claiming and giving up keeps within the line's total; claiming everything in any split gives it all
    /// back.
    @Test func anySplitGivesBackAllAndNeverMore() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("RefundShareTests seed \(seed)")
        var random = Seeded(seed)
        for _ in 0..<2_000 {
            let ordered = Int64.random(in: 1...60, using: &random)
            let total = Money(stored: Int64.random(in: 0...10_000, using: &random), currency: .usd)
            let share = RefundShare(total: total, ordered: ordered)
            try checkSplit(of: share, &random)
            try checkGivingUp(of: share, &random)
        }
    }

    private func checkSplit(of share: RefundShare, _ random: inout Seeded) throws {
        var claimed: Int64 = 0
        var refunded = Money.zero(.usd)
        while claimed < share.ordered {
            let quantity = Int64.random(in: 1...(share.ordered - claimed), using: &random)
            let amount = try share.amount(for: quantity, after: claimed, refunded: refunded)
            #expect(amount.minorUnits <= (try share.limit(for: quantity).minorUnits))
            refunded = try refunded.adding(amount)
            claimed += quantity
        }
        #expect(refunded == share.total)
    }

    private func checkGivingUp(of share: RefundShare, _ random: inout Seeded) throws {
        var open: [(quantity: Int64, amount: Money)] = []
        for _ in 0..<40 {
            let claimed = open.reduce(0) { $0 + $1.quantity }
            let refunded = Money(stored: open.reduce(0) { $0 + $1.amount.minorUnits }, currency: .usd)
            if claimed == share.ordered || Bool.random(using: &random), !open.isEmpty {
                open.remove(at: Int.random(in: open.indices, using: &random))
                continue
            }
            let quantity = Int64.random(in: 1...(share.ordered - claimed), using: &random)
            let amount = try share.amount(for: quantity, after: claimed, refunded: refunded)
            open.append((quantity, amount))
            #expect(refunded.minorUnits + amount.minorUnits <= share.total.minorUnits)
        }
    }
}

/// A repeatable source of randomness (SplitMix64; Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators").
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
