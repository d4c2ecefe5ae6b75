import Core
import Testing

@testable import Commerce

@Suite struct ShipmentStatusTests {
    /// Every move that is allowed, by hand; each pair that is not listed is refused.
    static let allowed: [String: Set<String>] = [
        "pending": ["ready_to_ship", "shipped", "on_hold", "cancelled"],
        "ready_to_ship": ["shipped", "on_hold", "cancelled"],
        "on_hold": ["pending", "ready_to_ship", "cancelled"],
        "shipped": ["in_transit", "delivered", "failed"],
        "in_transit": ["out_for_delivery", "delivered", "failed"],
        "out_for_delivery": ["delivered", "failed"],
        "failed": ["in_transit", "returned"],
        "delivered": [],
        "returned": [],
        "cancelled": [],
    ]

    @Test(arguments: ShipmentStatus.allCases)
    func everyMoveIsEitherInTheTableOrRefused(from: ShipmentStatus) throws {
        let allowed = try #require(Self.allowed[from.rawValue])
        for target in ShipmentStatus.allCases {
            var machine = ShipmentStateMachine(status: from)
            if allowed.contains(target.rawValue) {
                let effect = try machine.move(to: target)
                #expect(machine.status == target)
                let expected: ShipmentEffect? =
                    target == .shipped ? .takeStock : target == .cancelled ? .freeQuantities : nil
                #expect(effect == expected)
            } else {
                let failure = #expect(throws: Failure.self) { try machine.move(to: target) }
                #expect(failure?.code == "illegal_transition")
                #expect(failure?.kind == .conflict)
                let named = failure?.details.first { $0.name == "allowed" }?.value
                #expect(named == .array(from.next.map { .string($0.rawValue) }))
                #expect(machine.status == from)
            }
        }
    }

    @Test func goodsLeaveTheStockExactlyWhenTheyAreShipped() {
        for status in ShipmentStatus.allCases {
            for target in status.next {
                #expect(target.hasLeft == (status.hasLeft || target == .shipped))
            }
        }
    }
}
