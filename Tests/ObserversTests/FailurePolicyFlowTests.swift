import Core
import Logging
import Storage
import TestKit
import Testing

@testable import Observers

/// What `on_failure` says holds wherever something fails: as it is delivered, and as it is matched.
@Suite(.timeLimit(.minutes(5))) struct FailurePolicyFlowTests {
    private static func webhook(_ fixture: RoleFixture) -> String {
        #"{"type": "webhook", "url": "\#(fixture.receiver.url())"}"#
    }

    /// What was logged as an error about an observer, by the reasons.
    private static func errors(_ log: RecordedLog) -> [String] {
        log.lines.filter { $0.level == .error && $0.message == "a delivery could not be made" }
            .map { "\($0.metadata["observer"] ?? "?") \($0.metadata["action"] ?? "?") \($0.metadata["reason"] ?? "?")" }
            .sorted()
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsDroppedIsNoDeadLetterAndHoldsUpNothing(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { $0.number <= 2 ? .status(500) : .ok }) { fixture in
            try await fixture.act(Self.webhook(fixture), members: #""on_failure": "drop","#)
            let order = try await fixture.order(1)
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["dropped 2"])
            try await fixture.move(order, 1, from: "pending", to: "shipped")
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["delivered 1"])
            #expect(try await fixture.letters(0).isEmpty)
            #expect(fixture.receiver.count == 3)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aConditionWithoutAnAnswerGoesTheSameWay(_ engine: TestStore.Engine) async throws {
        let log = RecordedLog()
        try await RoleFixture.run(engine, logger: log.logger) { fixture in
            for policy in ["alert", "dead_letter", "drop"] {
                try await fixture.act(
                    Self.webhook(fixture), members: #""condition": "missing > 2", "on_failure": "\#(policy)","#,
                    name: policy)
            }
            try await fixture.order(1)
            #expect(try await fixture.metric(#"observer_alerts_total{observer="alert"}"#, reaches: 1) == 1)
            #expect(try await fixture.outcomes(of: fixture.lastEvent, 3) == ["dead 1", "dead 1", "dropped 1"])
            #expect(try await fixture.letters(2).map(\.reason) == ["condition_failed", "condition_failed"])
            #expect(Self.errors(log) == ["alert webhook condition_failed"])
            for policy in ["dead_letter", "drop"] {
                #expect(fixture.metric(#"observer_alerts_total{observer="\#(policy)"}"#) == nil)
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aStatementThatFailsAsItIsMatchedAlerts(_ engine: TestStore.Engine) async throws {
        let path = try DatabaseActionTests.write(
            """
            statements: {broken: "INSERT INTO nowhere (name) VALUES ('x')"}
            observers:
              - name: alerting
                entity_types: [order]
                on_failure: alert
                actions: [{type: database, name: count, statement: broken, params: {}}]
              - name: dropping
                entity_types: [order]
                on_failure: drop
                actions: [{type: database, statement: broken, params: {}}]
            """)
        let log = RecordedLog()
        try await RoleFixture.run(engine, settings: ["observers.file": path], logger: log.logger) { fixture in
            try await fixture.order(1)
            #expect(try await fixture.metric(#"observer_alerts_total{observer="alerting"}"#, reaches: 1) == 1)
            #expect(try await fixture.outcomes(of: fixture.lastEvent, 2) == ["dead 1", "dropped 1"])
            #expect(try await fixture.letters(1).map(\.reason) == ["statement_failed"])
            #expect(Self.errors(log) == ["alerting count statement_failed"])
            #expect(fixture.metric(#"observer_alerts_total{observer="dropping"}"#) == nil)
        }
    }

    /// The database takes no dead letters: then it is all the more to be told.
    @Test(arguments: TestStore.Engine.allCases)
    func whatCannotEvenBeKeptAlerts(_ engine: TestStore.Engine) async throws {
        let log = RecordedLog()
        try await RoleFixture.run(engine, logger: log.logger, answering: { _ in .status(500) }) { fixture in
            try await fixture.refuse(insertionsInto: "dead_letters", engine)
            try await fixture.act(Self.webhook(fixture), members: #""on_failure": "alert","#)
            try await fixture.order(1)
            #expect(try await fixture.metric(#"observer_alerts_total{observer="acting"}"#, reaches: 1) == 1)
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["dropped 2"])
            #expect(Self.errors(log).count == 1)
        }
    }
}
