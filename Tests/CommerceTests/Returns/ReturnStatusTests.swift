import Core
import Testing

@testable import Commerce

@Suite struct ReturnStatusTests {
    /// Every move that is allowed, with what it demands; each pair that is not listed is refused.
    static let allowed: [String: [String: ReturnEffect?]] = [
        "requested": ["approved": nil, "rejected": .freeQuantities, "cancelled": .freeQuantities],
        "approved": ["received": .settleReceived, "cancelled": .freeQuantities],
        "received": ["restocked": .putIntoStock, "refunded": .payBack],
        "restocked": ["refunded": .payBack],
        "rejected": [:],
        "refunded": [:],
        "cancelled": [:],
    ]

    @Test(arguments: ReturnStatus.allCases)
    func everyMoveIsEitherInTheTableOrRefused(from: ReturnStatus) throws {
        let allowed = try #require(Self.allowed[from.rawValue])
        for target in ReturnStatus.allCases {
            var machine = ReturnStateMachine(status: from)
            if let expected = allowed[target.rawValue] {
                #expect(try machine.move(to: target) == expected)
                #expect(machine.status == target)
            } else {
                let failure = #expect(throws: Failure.self) { try machine.move(to: target) }
                #expect(failure?.code == "illegal_transition")
                let named = failure?.details.first { $0.name == "allowed" }?.value
                #expect(named == .array(from.next.map { .string($0.rawValue) }))
                #expect(machine.status == from)
            }
        }
    }
}
