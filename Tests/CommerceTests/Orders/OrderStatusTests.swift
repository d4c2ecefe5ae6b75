import Commerce
import Core
import Testing

/// The states of an order against a table that is written down once more.
@Suite struct OrderStatusTests {
    private static let moves: [OrderStatus: [OrderStatus]] = [
        .pending: [.confirmed, .processing, .onHold, .cancelled],
        .confirmed: [.processing, .onHold, .cancelled],
        .processing: [.shipped, .onHold, .cancelled],
        .onHold: [.processing, .cancelled],
        .shipped: [.delivered, .onHold],
        .delivered: [.refunded, .exchanged],
        .cancelled: [.refunded],
        .exchanged: [.refunded],
        .refunded: [],
    ]

    @Test(arguments: OrderStatus.allCases, OrderStatus.allCases)
    func exactlyTheLegalMovesAreMade(from: OrderStatus, to: OrderStatus) throws {
        let legal = try #require(Self.moves[from])
        if legal.contains(to) {
            #expect(try from.moved(to: to) == to)
            return
        }
        let failure = #expect(throws: Failure.self) { try from.moved(to: to) }
        #expect(failure?.kind == .conflict && failure?.code == "illegal_transition")
        let details = Dictionary(uniqueKeysWithValues: (failure?.details ?? []).map { ($0.name, $0.value) })
        #expect(details["status"] == .string(from.rawValue))
        guard case .array(let allowed)? = details["allowed"] else {
            Issue.record("There is no list of what is allowed.")
            return
        }
        #expect(Set(allowed) == Set(legal.map { .string($0.rawValue) }))
    }

    @Test func thereAreNineStatesAndEighteenMoves() {
        #expect(
            OrderStatus.allCases.map(\.rawValue) == [
                "pending", "confirmed", "processing", "on_hold", "shipped", "delivered", "cancelled", "refunded",
                "exchanged",
            ])
        #expect(OrderStatus.allCases.reduce(0) { $0 + $1.next.count } == 18)
    }

    @Test(
        arguments: [
            (0, 0, 0, PaymentStatus.paid), (100, 0, 0, .unpaid), (100, 1, 0, .partiallyPaid),
            (100, 99, 0, .partiallyPaid),
            (100, 100, 0, .paid), (100, 100, 1, .partiallyRefunded), (100, 50, 49, .partiallyRefunded),
            (100, 50, 50, .refunded), (100, 100, 100, .refunded),
        ] as [(Int64, Int64, Int64, PaymentStatus)])
    func thePaymentStatusFollowsFromTheAmounts(total: Int64, paid: Int64, refunded: Int64, status: PaymentStatus) {
        func money(_ minor: Int64) -> Money { Money(stored: minor, currency: .eur) }
        #expect(PaymentStatus(total: money(total), paid: money(paid), refunded: money(refunded)) == status)
    }
}
