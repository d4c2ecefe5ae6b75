import Core
import Storage
import TestKit
import Testing

/// Several servers with observers on one PostgreSQL, of which each may end or stand still at any moment.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ObserverInstancesTests {
    /// Two servers, their receivers, and what happens.
    private struct Pair {
        let receiver: JobReceiver
        let refusing: JobReceiver
        let store: ObservedStore
        let shops: [Shop]
        let storm: JobStorm

        init(_ manner: JobReceiver.Manner) async throws {
            receiver = try await JobReceiver(manner)
            refusing = try await JobReceiver(.refusing("refused"))
            store = try await ObservedStore(.postgres, file: JobObservers.file(receiver, refusing))
            shops = [try await store.start(0), try await store.start(1)]
            storm = JobStorm()
        }

        /// Expects that everything was done as promised.
        func expectAll(_ when: String) async throws {
            let ledger = try await JobLedger.drained(store)
            ledger.expect(receiver, got: .wanted, when: when)
            ledger.expect(refusing, got: .refused, .mixed, when: when)
            #expect(receiver.accepted == ledger.positions(.wanted), "\(when)")
            try await ledger.expectTallies(store, when)
            try await ledger.expectDeadLetters(store, .refused, when: when)
        }

        /// Waits until each server has delivered something.
        func waitUntilBothDeliver(_ seed: UInt64) async throws {
            let metric = #"observer_actions_executed_total{action="webhook"}"#
            let shops = shops
            try await storm.run(on: shops, seed) {
                let both = try await eventually(within: .seconds(30)) {
                    for shop in shops where try await shop.metric(metric) ?? 0 == 0 { return false }
                    return true
                }
                #expect(both, "one instance delivers nothing")
            }
        }
    }

    @Test func bothDeliverAndWhoIsKilledHandsOver() async throws {
        var random = SeededRandom.fresh()
        let pair = try await Pair(.badly(SeededRandom(seed: random.next())))
        try await pair.waitUntilBothDeliver(random.next())
        let process = pair.shops[0].process
        try await pair.storm.run(on: pair.shops, random.next()) {
            try await Task.sleep(for: .seconds(1))
            await process.kill()
        }
        let killedAt = ContinuousClock.now
        pair.receiver.behave(.well)
        try await pair.storm.all(.wanted, on: pair.shops[1])
        let wanted = try await JobLedger.read(pair.store).positions(.wanted)
        let isHandedOver = try await eventually(within: .seconds(20)) { pair.receiver.accepted == wanted }
        let took = ContinuousClock.now - killedAt
        print("the other instance had delivered everything after \(took)")
        #expect(isHandedOver && took < .seconds(5), "\(took)")
        try await pair.expectAll("\(random)")
        #expect(await pair.shops[1].process.stop() == 0, "\(pair.shops[1].process.log)")
    }

    /// One that stands still for longer than it may goes on with what it was about to do, when others have done it.
    @Test func whoStandsStillDoesNothingASecondTime() async throws {
        var random = SeededRandom.fresh()
        let pair = try await Pair(.badly(SeededRandom(seed: random.next())))
        try await pair.waitUntilBothDeliver(random.next())
        for index in [0, 1] {
            let (still, other) = (pair.shops[index], pair.shops[1 - index])
            try await pair.storm.run(on: [other], random.next()) {
                try await Task.sleep(for: .milliseconds(500))
                still.process.stall()
                try await Task.sleep(for: .seconds(10))
                still.process.resume()
                try await Task.sleep(for: .seconds(2))
            }
        }
        try await pair.expectAll("\(random)")
        for shop in pair.shops { #expect(await shop.process.stop() == 0, "\(shop.process.log)") }
    }

    @Test func whoIsStoppedHandsOverAtOnce() async throws {
        var random = SeededRandom.fresh()
        let pair = try await Pair(.well)
        try await pair.waitUntilBothDeliver(random.next())
        #expect(await pair.shops[0].process.stop() == 0, "\(pair.shops[0].process.log)")
        let stoppedAt = ContinuousClock.now
        try await pair.storm.all(.wanted, on: pair.shops[1])
        let wanted = try await JobLedger.read(pair.store).positions(.wanted)
        let isHandedOver = try await eventually { pair.receiver.accepted == wanted }
        let took = ContinuousClock.now - stoppedAt
        print("the other instance had delivered everything after \(took)")
        // Whoever falls silent keeps its part for three seconds.
        #expect(isHandedOver && took < .milliseconds(2_500), "\(took)")
        try await pair.expectAll("\(random)")
        #expect(await pair.shops[1].process.stop() == 0, "\(pair.shops[1].process.log)")
    }

    /// A transaction that took its place in the log early and commits late is seen by everybody.
    @Test func whatCommitsLateIsNotSkipped() async throws {
        var random = SeededRandom.fresh()
        let pair = try await Pair(.well)
        let url = try #require(pair.store.url)
        let entity = try #require(pair.storm.entities.last)
        let (shops, storm) = (pair.shops, pair.storm)
        try await storm.run(on: shops, random.next(), times: 10)
        let held = try await HeldTransaction(url, Self.insertion(of: entity))
        try await storm.run(on: shops, random.next(), times: 20)
        try await storm.all(.wanted, on: shops[0])
        try await Task.sleep(for: FaultScale.openTransaction)
        try await storm.run(on: shops, random.next(), times: 20)
        let before = pair.receiver.received
        try await held.end()
        let ledger = try await JobLedger.read(pair.store)
        let late = try #require(
            ledger.jobs.first { $0.entity == entity && $0.kind == .wanted && !before.contains($0.position) })
        #expect(ledger.jobs.contains { $0.position > late.position })
        try await pair.expectAll("\(random)")
        #expect(pair.receiver.received.contains(late.position))
        for shop in shops { #expect(await shop.process.stop() == 0, "\(shop.process.log)") }
    }

    /// A job as somebody else writes it into the log.
    private static func insertion(of entity: Identifier) -> SQL {
        """
        INSERT INTO changes (tenant, entity_type, entity_id, operation, after_image, changed_fields, actor, changed_at)
        VALUES (\(Tenant.first), 'job', \(entity), 'custom', '{"kind":"wanted"}', '', 'somebody',
            \(SystemTime().now()))
        RETURNING position
        """
    }
}
