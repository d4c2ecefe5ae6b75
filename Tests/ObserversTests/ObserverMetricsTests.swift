import ChangeLog
import Core
import Storage
import Telemetry
import TestKit
import Testing

@testable import Observers

/// What operators see moves when that happens which it tells of, and each setting moves the metric that it names.
@Suite(.timeLimit(.minutes(5))) struct ObserverMetricsTests {
    private static func webhook(_ fixture: RoleFixture) -> String {
        #"{"type": "webhook", "url": "\#(fixture.receiver.url())"}"#
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aFailingActionMovesWhatIsCountedOfIt(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { $0.number == 1 ? .ok : .status(500) }) { fixture in
            try await fixture.act(Self.webhook(fixture), members: #""on_failure": "alert","#)
            for total in 1...2 { try await fixture.order(total) }
            let expected: [(series: String, value: Double)] = [
                (#"observer_alerts_total{observer="acting"}"#, 1),
                (#"observer_actions_executed_total{action="webhook"}"#, 1),
                (#"observer_actions_failed_total{action="webhook",reason="http_500"}"#, 2),
                (#"observer_delivery_attempts_total{action="webhook",attempt="1"}"#, 2),
                (#"observer_delivery_attempts_total{action="webhook",attempt="2"}"#, 1),
                (#"observer_action_duration_seconds_count{action="webhook"}"#, 3),
                ("observer_events_processed_total", 2), ("checkpoint_batch_size_sum", 2),
            ]
            for (series, value) in expected {
                #expect(try await fixture.metric(series, reaches: value) == value, "\(series)")
            }
            #expect(fixture.metric("checkpoint_batch_size_count") ?? 0 >= 1)
            #expect(fixture.metric("checkpoint_duration_seconds_count") ?? 0 >= 1)
            #expect(fixture.metric("checkpoint_duration_seconds_sum") ?? 0 > 0)
            #expect(fixture.metric(#"observer_action_duration_seconds_sum{action="webhook"}"#) ?? 0 > 0)
        }
    }

    /// What is done in the transaction that matches is an attempt like any other, and so is what fails there: the alert
    /// divides the one by the other. An action whose event cannot be asked about takes no time.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsDoneWhileMatchingIsCountedAsWhatIsDelivered(_ engine: TestStore.Engine) async throws {
        let path = try DatabaseActionTests.write(Self.whileMatching)
        try await RoleFixture.run(engine, settings: ["observers.file": path]) { fixture in
            try await DatabaseActionTests.makeCounters(fixture)
            try await fixture.act(Self.webhook(fixture), members: #""condition": "missing > 1","#)
            // Those of a batch that works go together on PostgreSQL, and those of one that does not one by one.
            for (count, failed) in [(20, 0.0), (3, 3)] {
                let before = fixture.metric(#"observer_actions_executed_total{action="search"}"#) ?? 0
                try await fixture.orders(count, status: failed > 0 ? "broken" : "new")
                let done = before + Double(count)
                let expected: [(series: String, value: Double?)] = [
                    (#"observer_actions_executed_total{action="database"}"#, done),
                    (
                        #"observer_actions_failed_total{action="database",reason="constraint"}"#,
                        failed > 0 ? failed : nil
                    ),
                    (#"observer_delivery_attempts_total{action="database",attempt="1"}"#, done + failed),
                    (#"observer_action_duration_seconds_count{action="database"}"#, done + failed),
                    (#"observer_actions_executed_total{action="search"}"#, done),
                    (#"observer_delivery_attempts_total{action="search",attempt="1"}"#, done),
                    (#"observer_action_duration_seconds_count{action="search"}"#, done),
                    (#"observer_actions_failed_total{action="webhook",reason="condition_failed"}"#, done),
                    (#"observer_delivery_attempts_total{action="webhook",attempt="1"}"#, done),
                    (#"observer_action_duration_seconds_count{action="webhook"}"#, nil),
                ]
                for (series, value) in expected {
                    #expect(try await fixture.metric(series, reaches: value ?? -1) == value, "\(series)")
                }
            }
            for action in ["database", "search"] {
                #expect(fixture.metric(#"observer_action_duration_seconds_sum{action="\#(action)"}"#) ?? 0 > 0)
            }
        }
    }

    private static let whileMatching = """
        statements:
          count: "INSERT INTO counters (name, total) VALUES (:name, 1)
            ON CONFLICT (name) DO UPDATE SET total = counters.total + 1"
          broken: "INSERT INTO counters (name, total) VALUES (:name, NULL)"
        observers:
          - name: counting
            entity_types: [order]
            actions:
              - {type: database, statement: count, params: {name: "{{ status }}"}}
              - {type: search}
          - name: breaking
            entity_types: [order]
            condition: status == 'broken'
            actions: [{type: database, statement: broken, params: {name: "{{ id }}"}}]
        """

    /// The database takes no deliveries for a while: the backlog is there to be seen meanwhile, and goes away.
    @Test(arguments: TestStore.Engine.allCases)
    func whatCannotBeStoredIsABacklogThatGrowsOld(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, logger: RecordedLog().logger) { fixture in
            try await fixture.act(Self.webhook(fixture))
            #expect(try await Self.backlogAndLag(fixture) == [0, 0])
            try await fixture.refuse(insertionsInto: "deliveries", engine)
            try await fixture.orders(5)
            // PostgreSQL has passed over some positions.
            let backlog = try await fixture.metric("observer_backlog_changes", reaches: 5) ?? 0
            #expect(backlog >= 5 && backlog < 100)
            let lag = try await fixture.metric("observer_lag_seconds", reaches: 0.05) ?? 0
            #expect(lag >= 0.05 && lag < 60)
            #expect(fixture.receiver.count == 0)
            try await fixture.change(
                by: engine == .sqlite ? ["DROP TRIGGER refuse"] : ["DROP TRIGGER refuse ON deliveries"])
            try await fixture.received(5)
            #expect(try await Self.backlogAndLag(fixture) == [0, 0])
        }
    }

    /// The two gauges, once there is neither.
    private static func backlogAndLag(_ fixture: RoleFixture) async throws -> [Double?] {
        try await fixture.eventually {
            [fixture.metric("observer_backlog_changes"), fixture.metric("observer_lag_seconds")]
        } until: {
            $0 == [0, 0]
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatWaitsAndWhatRestsIsCounted(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { $0.path == "/dead" ? .status(500) : .silence }) { fixture in
            try await fixture.act(
                #"{"type": "webhook", "url": "\#(fixture.receiver.url("/dead"))"}"#, Self.webhook(fixture))
            try await fixture.act(#"{"type": "log", "message": "x"}"#, name: "resting")
            let observers = fixture.role.observers
            _ = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
                try observers.pause(.name("resting"), in: $0)
            }
            try await fixture.order(1)
            #expect(try await fixture.letters(1).count == 1)
            let metrics = MetricsRegistry()
            let sweeper = try fixture.sweeper(metrics)
            let counting = Task { try await sweeper.run() }
            defer { counting.cancel() }
            for series in ["observer_paused", "observer_pending_deliveries", "observer_dead_letters"] {
                let value = try await fixture.eventually {
                    metrics.value(of: series)
                } until: {
                    $0 == 1
                }
                #expect(value == 1, "\(series)")
            }
        }
    }

    /// `observers.delivery_retention` says what is swept, which `observer_deliveries_swept_total` counts.
    @Test(arguments: TestStore.Engine.allCases)
    func theRetentionSaysWhatIsForgotten(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.act(Self.webhook(fixture))
            for total in 1...3 { try await fixture.order(total) }
            try await fixture.received(3)
            #expect(
                try await fixture.metric(#"observer_actions_executed_total{action="webhook"}"#, reaches: 3) == 3)
            let twoHours: Int64 = 2 * 3_600 * 1_000_000
            try await fixture.change(by: ["UPDATE deliveries SET updated_at = updated_at - \(twoHours)"])
            for (hours, count) in [("3", 0.0), ("1", 3.0)] {
                let metrics = MetricsRegistry()
                try await fixture.sweeper(metrics, settings: ["observers.delivery_retention": hours]).pass()
                #expect(metrics.value(of: "observer_deliveries_swept_total") == count, "after \(hours) h")
            }
            let left = try await fixture.store.database.read { try $0.exists("SELECT 1 FROM deliveries") }
            #expect(!left)
        }
    }

    /// `observers.batch` says how many changes are matched together, which `checkpoint_batch_size` shows.
    @Test(arguments: TestStore.Engine.allCases)
    func theBatchSaysHowManyAreMatchedTogether(_ engine: TestStore.Engine) async throws {
        for (batch, isSmall) in [("3", true), ("1000", false)] {
            try await RoleFixture.run(engine, settings: ["observers.batch": batch]) { fixture in
                try await fixture.act(Self.webhook(fixture))
                try await fixture.orders(20)
                #expect(try await fixture.metric("checkpoint_batch_size_sum", reaches: 20) == 20)
                #expect(isSmall == (fixture.count(of: "checkpoint_batch_size", above: 4) == 0))
            }
        }
    }

    /// `observers.window` says how many deliveries come into memory, which `observer_read_deliveries` shows.
    @Test(arguments: TestStore.Engine.allCases)
    func theWindowSaysHowManyAreReadAtOnce(_ engine: TestStore.Engine) async throws {
        for (window, isSmall) in [("4", true), ("512", false)] {
            try await RoleFixture.run(engine, settings: ["observers.window": window]) { fixture in
                try await fixture.act(Self.webhook(fixture))
                try await fixture.orders(40)
                try await fixture.received(40)
                // What is in memory is read again beside as many as there is room for.
                #expect(fixture.metric("observer_read_deliveries_sum") ?? 0 >= 40)
                #expect(isSmall == (fixture.count(of: "observer_read_deliveries", above: 8) == 0))
            }
        }
    }
}
