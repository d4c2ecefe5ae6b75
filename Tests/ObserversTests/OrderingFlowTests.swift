import ChangeLog
import Core
import TestKit
import Testing

@testable import Observers

/// In which order events arrive, as `ordering` says. That of each entity for itself is in ``DeliveryFlowTests``.
@Suite(.timeLimit(.minutes(5))) struct OrderingFlowTests {
    private static func observe(_ fixture: RoleFixture, _ ordering: String, retryAfter seconds: Int) async throws {
        try await fixture.observe(
            """
            {"name": "ordered", "entity_types": ["order"], "ordering": "\(ordering)",
             "retry": {"schedule_s": [\(seconds)], "max_attempts": 2},
             "actions": [{"type": "webhook", "url": "\(fixture.receiver.url())"}]}
            """)
    }

    /// One at a time over all entities: also while the first one is tried again, and while the receiver takes its time.
    @Test(arguments: TestStore.Engine.allCases)
    func strictIsOneAfterTheOtherOverAllEntities(_ engine: TestStore.Engine) async throws {
        let pause: Int64 = 50
        try await RoleFixture.run(
            engine, answering: { $0.number == 1 ? .status(500) : .status(200, after: .milliseconds(pause)) }
        ) { fixture in
            try await Self.observe(fixture, "strict", retryAfter: 1)
            try await fixture.orders(5)
            let requests = try await fixture.received(6)
            #expect(try requests.map { try $0.new("total") } == ["1.00", "1.00", "2.00", "3.00", "4.00", "5.00"])
            #expect(requests.map { $0["millrace-attempt"] } == ["1", "2", "1", "1", "1", "1"])
            requests.dropFirst().expectAtMost(1, eachLasting: pause)
        }
    }

    /// The later events of an entity do not wait for one that fails.
    @Test(arguments: TestStore.Engine.allCases)
    func noneHoldsUpNothing(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { $0.number == 1 ? .status(500) : .ok }) { fixture in
            try await Self.observe(fixture, "none", retryAfter: 600)
            let order = try await fixture.order(1)
            let event = fixture.lastEvent
            try await fixture.received(1)
            for (old, new) in [("pending", "confirmed"), ("confirmed", "shipped")] {
                try await fixture.move(order, 1, from: old, to: new)
                #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["delivered 1"])
            }
            let requests = try await fixture.received(3)
            #expect(try requests.map { try $0.new("status") } == ["pending", "confirmed", "shipped"])
            #expect(try await fixture.outcomes(of: event, 0).isEmpty)
        }
    }
}
