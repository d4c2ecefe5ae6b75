import Core
import Foundation
import Storage
import TestKit
import Testing

/// A server with observers that is killed again and again while things happen and receivers behave badly.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ObserverCrashTests {
    /// The batches in which the servers match changes, each in its turn.
    private static let batches = [1, 10, 100, 1_000]

    /// How a server ended, and what it was doing.
    private struct Death {
        let status: Int32
        /// How many jobs were made by then.
        let made: Int
        /// The batches that it worked in.
        let batch: Int
    }

    @Test(arguments: TestStore.Engine.allCases)
    func eachChangeIsActedOnWhateverDies(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let receiver = try await JobReceiver(.badly(SeededRandom(seed: random.next())))
        let refusing = try await JobReceiver(.refusing("refused"))
        let store = try await ObservedStore(engine, file: JobObservers.file(receiver, refusing))
        let storm = JobStorm()
        let kills = FaultScale.kills(engine)
        let deaths = try await Self.killAgainAndAgain(kills, on: store, storm, &random)
        let batch = Self.batches[Int.random(in: Self.batches.indices, using: &random)]
        let shop = try await store.start(settings: ["observers.batch=\(batch)"])
        try await storm.run(on: [shop], random.next()) { try await storm.wait(untilMade: FaultScale.changes) }
        let drainsFrom = ContinuousClock.now
        let ledger = try await JobLedger.drained(store, within: .seconds(FaultScale.isFull ? 600 : 120))
        print("\(engine): \(ledger.jobs.count) changes, drained \(ContinuousClock.now - drainsFrom) after the last")
        Self.expectSpread(deaths, kills, "\(random)")
        #expect(ledger.jobs.count >= FaultScale.changes)
        ledger.expect(receiver, got: .wanted, when: "\(random)")
        ledger.expect(refusing, got: .refused, .mixed, when: "\(random)")
        #expect(receiver.accepted == ledger.positions(.wanted))
        try await ledger.expectTallies(store, "\(random)")
        try await ledger.expectDeadLetters(store, .refused, when: "\(random)")
        refusing.behave(.well)
        try await Self.retryAll(shop, ledger.positions(.refused).count)
        let isDrained = try await eventually(within: .seconds(60)) {
            try await Task.sleep(for: .milliseconds(500))
            return try await store.count("SELECT COUNT(*) FROM dead_letters") == 0
        }
        let state = try await store.describe()
        #expect(isDrained, "\(state) \(shop.process.log)")
        #expect(ledger.positions(.refused, .mixed).subtracting(refusing.accepted).isEmpty)
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }

    /// Kills one server after the other while jobs are made, each at a random point of its share of the jobs.
    private static func killAgainAndAgain(
        _ kills: Int, on store: ObservedStore, _ storm: JobStorm, _ random: inout SeededRandom
    ) async throws -> [Death] {
        var deaths: [Death] = []
        var batches: [Int] = []
        for number in 0..<kills {
            if batches.isEmpty { batches = Self.batches.shuffled(using: &random) }
            let batch = batches.removeLast()
            let share = FaultScale.changes * number / kills..<FaultScale.changes * (number + 1) / kills
            let end = Int.random(in: share, using: &random)
            let shop = try await store.start(settings: ["observers.batch=\(batch)"])
            let death = try await storm.run(on: [shop], random.next()) {
                try await storm.wait(untilMade: end)
                return Death(status: await shop.process.kill(), made: storm.made, batch: batch)
            }
            deaths.append(death)
        }
        return deaths
    }

    /// Expects that each kill ended a server that ran, in each quarter of the work and with each size of a batch.
    private static func expectSpread(_ deaths: [Death], _ kills: Int, _ when: String) {
        let killed = deaths.filter { $0.status == 128 + SIGKILL }
        let quarters = killed.map { $0.made * 4 / FaultScale.changes }
        let batches = killed.map(\.batch)
        let byQuarter = (0..<4).map { quarter in quarters.count { $0 == quarter } }
        let byBatch = Self.batches.map { size in batches.count { $0 == size } }
        print("\(killed.count) kills, \(byQuarter) in the quarters, \(byBatch) at batches of \(Self.batches)")
        #expect(killed.count == kills, "\(deaths.map(\.status)), \(when)")
        #expect(byQuarter.allSatisfy { $0 >= kills / 8 }, "\(byQuarter), \(when)")
        #expect(byBatch.allSatisfy { $0 >= kills / 8 }, "\(byBatch), \(when)")
    }

    /// Has all dead letters delivered again, and expects so many.
    private static func retryAll(_ shop: Shop, _ count: Int) async throws {
        #expect(try await shop.send("GET", "/api/v1/dead-letters/stats").json["total"] == .integer(Int64(count)))
        let dry = try await shop.send("POST", "/api/v1/dead-letters/retry?dry_run=true")
        #expect(dry.status == 200, "\(dry.text)")
        #expect(try await shop.send("GET", "/api/v1/dead-letters/stats").json["total"] == .integer(Int64(count)))
        var retried = 0
        while retried < count {
            let answer = try await shop.send("POST", "/api/v1/dead-letters/retry")
            guard answer.status == 200, case .number(let text)? = answer.json["count"], let number = Int(text),
                number > 0
            else { break }
            retried += number
        }
        #expect(retried == count)
        #expect(try await shop.send("GET", "/api/v1/dead-letters/stats").json["total"] == .integer(0))
    }
}
