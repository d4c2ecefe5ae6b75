import Core
import Storage
import TestKit
import Testing

/// A server with observers that is killed again and again while things happen and receivers behave badly.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ObserverCrashTests {
    @Test(arguments: TestStore.Engine.allCases)
    func eachChangeIsActedOnWhateverDies(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let receiver = try await JobReceiver(.badly(SeededRandom(seed: random.next())))
        let refusing = try await JobReceiver(.refusing("refused"))
        let store = try await ObservedStore(engine, file: JobObservers.file(receiver, refusing))
        let storm = JobStorm()
        var shop = try await store.start()
        var made = 0
        for _ in 0..<FaultScale.kills(engine) {
            let life = Duration.milliseconds(Int.random(in: 100...700, using: &random))
            let process = shop.process
            made += try await storm.run(on: [shop], random.next()) {
                try await Task.sleep(for: life)
                await process.kill()
            }
            shop = try await store.start()
        }
        let killed = made
        while made < FaultScale.changes { made += try await storm.run(on: [shop], random.next(), times: 50) }
        let ledger = try await JobLedger.drained(store, within: .seconds(FaultScale.isFull ? 600 : 120))
        print("\(killed) changes were made while servers were killed, \(ledger.jobs.count) in all")
        #expect(ledger.jobs.count >= made)
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
