import ChangeLog
import Core
import Storage
import Synchronization
import TestKit
import Testing

@testable import Observers

/// What becomes of deliveries that fail, of observers that rest, and of what is done again.
@Suite(.timeLimit(.minutes(5))) struct DeliveryFlowTests {
    private static func webhook(_ fixture: RoleFixture, _ more: String = "", name: String = "all") -> String {
        """
        {"name": "\(name)", "entity_types": ["order"], \(more)
         "retry": {"strategy": "fixed", "initial_delay_ms": 5, "max_attempts": 3},
         "actions": [{"type": "webhook", "url": "\(fixture.receiver.url())"}]}
        """
    }

    private static func status(_ request: WebhookReceiver.Request) throws -> String? {
        try JSONParser.parse(request.body)["data"]?["new"]?["status"]?.string
    }

    /// One entity's deliveries keep their order though the receiver refuses most of them at first; another one's do not
    /// wait for them.
    @Test(arguments: TestStore.Engine.allCases)
    func theOrderOfAnEntityHoldsThroughFailures(_ engine: TestStore.Engine) async throws {
        let seen = Seen()
        try await RoleFixture.run(
            engine,
            answering: { request in
                // Every message is refused once.
                seen.isFirst(request["webhook-id"] ?? "") ? .status(500) : .ok
            }
        ) { fixture in
            try await fixture.observe(Self.webhook(fixture))
            let states = ["pending", "confirmed", "processing", "shipped", "delivered"]
            let orders = [try await fixture.order(1), try await fixture.order(2)]
            for (old, new) in zip(states, states.dropFirst()) {
                for (index, order) in orders.enumerated() {
                    try await fixture.move(order, index + 1, from: old, to: new)
                }
            }
            let requests = try await fixture.received(20)
            for order in orders {
                let own = try requests.filter {
                    try JSONParser.parse($0.body)["data"]?["entity_id"]?.string == "\(order)"
                }
                #expect(try own.map(Self.status) == states.flatMap { [$0, $0] })
                #expect(own.map { $0["millrace-attempt"] } == states.flatMap { _ in ["1", "2"] })
            }
        }
    }

    /// Another entity need not wait until all of what waits for one is delivered, however much that is.
    @Test(arguments: TestStore.Engine.allCases)
    func anEntityWithManyEventsHoldsUpNoOther(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(
            engine, settings: ["observers.window": "8"], answering: { _ in .status(200, after: .milliseconds(150)) }
        ) { fixture in
            try await fixture.observe(Self.webhook(fixture))
            let busy = try await fixture.order(1)
            for step in 0..<40 { try await fixture.move(busy, 1, from: "\(step)", to: "\(step + 1)") }
            let other = try await fixture.order(2)
            let requests = try await fixture.received(42)
            let entities = try requests.map { try JSONParser.parse($0.body)["data"]?["entity_id"]?.string }
            let place = try #require(entities.firstIndex(of: "\(other)"))
            #expect(place < 25)
            let steps = try requests.filter { try JSONParser.parse($0.body)["data"]?["entity_id"]?.string == "\(busy)" }
            #expect(try steps.dropFirst().map(Self.status) == (1...40).map { "\($0)" })
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatCannotBeDeliveredIsADeadLetterUntilItIsRetried(_ engine: TestStore.Engine) async throws {
        let isBroken = Seen()
        try await RoleFixture.run(engine, answering: { _ in isBroken.isEmpty ? .status(500) : .ok }) { fixture in
            try await fixture.observe(Self.webhook(fixture))
            let order = try await fixture.order(1)
            try await fixture.received(3)
            let letters = try await fixture.letters(1)
            #expect(letters.map(\.reason) == ["http_500"])
            #expect(letters.map(\.attempts) == [3])
            // A later event of the same entity goes on.
            try await fixture.move(order, 1, from: "pending", to: "confirmed")
            try await fixture.received(6)
            #expect(try await fixture.letters(2).count == 2)
            // A dry run changes nothing.
            _ = isBroken.isFirst("mended")
            let letterService = fixture.role.deadLetters
            let wouldRetry = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
                try letterService.retryAll(.init(), isDryRun: true, in: $0).items.count
            }.value
            #expect(wouldRetry == 2)
            #expect(try await fixture.letters(2).count == 2)
            let retried = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
                try letterService.retryAll(.init(), isDryRun: false, in: $0).items.count
            }.value
            #expect(retried == 2)
            let requests = try await fixture.received(8)
            #expect(try requests.suffix(2).map(Self.status) == ["pending", "confirmed"])
            #expect(try await fixture.letters(0).isEmpty)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoIsPausedMissesNothing(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(Self.webhook(fixture))
            try await fixture.observe(Self.webhook(fixture, name: "other"))
            let observers = fixture.role.observers
            let paused = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
                try observers.pause(.name("all"), in: $0)
            }.value
            #expect(paused.status == .paused)
            for total in 1...5 { try await fixture.order(total) }
            let others = try await fixture.received(5)
            #expect(Set(others.map { $0["webhook-id"]?.split(separator: "_")[2] }).count == 1)
            _ = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
                try observers.resume(.name("all"), in: $0)
            }
            let all = try await fixture.received(10)
            #expect(Set(all.map { $0["webhook-id"] }).count == 10)
            // It stands with the others again, and goes on with them.
            try await fixture.order(6)
            try await fixture.received(12)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReplayDoesAgainWhatMatches(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            for total in 1...4 { try await fixture.order(total) }
            try await fixture.observe(Self.webhook(fixture, #""condition": "total > 2","#))
            let observers = fixture.role.observers
            let replay = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
                try observers.replay(.name("all"), from: .position(LogPosition(1)), to: nil, in: $0)
            }.value
            #expect(replay.number == 1)
            let requests = try await fixture.received(2)
            #expect(
                Set(try requests.map { try JSONParser.parse($0.body)["data"]?["new"]?["total"]?.string })
                    == ["3.00", "4.00"])
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoWantsNoMoreIsLeftAlone(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { _ in .status(410) }) { fixture in
            try await fixture.observe(Self.webhook(fixture))
            try await fixture.order(1)
            try await fixture.received(1)
            let observers = fixture.role.observers
            let paused = try await fixture.eventually {
                try await fixture.store.log.read { try observers.find(.name("all"), of: .first, in: $0) }.value
            } until: {
                $0.status == .paused
            }
            #expect(paused.pausedBecause?.contains("410") == true)
            #expect(try await fixture.letters(0).isEmpty)
        }
    }

    /// A condition without an answer and a template without a value stop nobody but themselves.
    @Test(arguments: TestStore.Engine.allCases)
    func poisonStopsOnlyItsOwn(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(Self.webhook(fixture, #""condition": "missing_field > 2","#, name: "condition"))
            try await fixture.observe(
                """
                {"name": "template", "entity_types": ["order"], "actions": [
                    {"type": "webhook", "url": "\(fixture.receiver.url())", "body": "{\\"a\\": \\"{{ nothing }}\\"}"}]}
                """)
            try await fixture.observe(Self.webhook(fixture, name: "healthy"))
            for total in 1...3 { try await fixture.order(total) }
            try await fixture.received(3)
            let letters = try await fixture.letters(6)
            #expect(Set(letters.map(\.reason)) == ["condition_failed", "template_failed"])
            #expect(letters.count == 6)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theActionsOfAnEventRunSideBySide(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { _ in .status(200, after: .milliseconds(400)) }) { fixture in
            let action = #"{"type": "webhook", "url": "\#(fixture.receiver.url())"}"#
            try await fixture.observe(
                #"{"name": "three", "entity_types": ["order"], "actions": [\#(action), \#(action), \#(action)]}"#)
            try await fixture.order(1)
            let times = try await fixture.received(3).map(\.receivedAt.microseconds)
            #expect((times.max() ?? 0) - (times.min() ?? 0) < 400_000)
        }
    }
}

/// Names that were seen.
private final class Seen: Sendable {
    private let names = Mutex<Set<String>>([])

    func isFirst(_ name: String) -> Bool { names.withLock { $0.insert(name).inserted } }
    var isEmpty: Bool { names.withLock { $0.isEmpty } }
}

extension RoleFixture {
    /// The requests, once there are so many. What stands in the tables is printed when they do not come.
    @discardableResult
    func received(_ count: Int) async throws -> [WebhookReceiver.Request] {
        do {
            return try await receiver.waitForRequests(count)
        } catch {
            let rows = try await store.database.read { transaction in
                try transaction.rows(
                    "SELECT observer, action, position, replay, state, attempts, due_at, failure FROM deliveries"
                ) { row in
                    (0..<7).map { "\(row.integer($0))" }.joined(separator: " ") + " " + (row.optionalText(7) ?? "")
                }
                    + transaction.rows("SELECT position, generation FROM observer_progress") {
                        "progress \($0.integer(0)), generation \($0.integer(1))"
                    }
            }
            print("deliveries at head \(store.log.head): \(rows)")
            throw error
        }
    }

    /// The dead letters, once there are so many.
    func letters(_ count: Int) async throws -> [DeadLetter] {
        try await eventually {
            try await store.log.read { [role] in
                try role.deadLetters.list(.init(), PageRequest(limit: 100), of: .first, in: $0).items
            }.value
        } until: {
            $0.count == count
        }
    }

    /// What is read once it is as it should be, or after a while as it is.
    func eventually<T: Sendable>(
        _ read: () async throws -> T, until isThere: (T) -> Bool
    ) async throws -> T {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            let value = try await read()
            if isThere(value) || ContinuousClock.now > deadline { return value }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
