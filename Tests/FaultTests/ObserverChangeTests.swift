import Core
import Storage
import TestKit
import Testing

/// Observers that are paused, changed and deleted while they have something to deliver.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ObserverChangeTests {
    private static let path = "/api/v1/observers/o"

    /// Makes an observer `o` of jobs that has a receiver.
    private static func observe(_ url: String, on shop: Shop) async throws {
        let body = #"""
            {"name": "o", "entity_types": ["job"], "timeout_ms": 20000,
             "retry": {"strategy": "fixed", "initial_delay_ms": 50, "max_attempts": 100},
             "actions": [{"type": "webhook", "url": "\#(url)"}]}
            """#
        let answer = try await shop.send("POST", "/api/v1/observers", body)
        try #require(answer.status == 201, "\(answer.text)")
    }

    private static func run(
        _ engine: TestStore.Engine, _ body: (ObservedStore, Shop, JobStorm) async throws -> Void
    ) async throws {
        let store = try await ObservedStore(engine, file: "observers: []")
        let shop = try await store.start()
        try await body(store, shop, JobStorm(entities: 40))
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoIsGoneIsLeftAloneUntilItIsResumed(_ engine: TestStore.Engine) async throws {
        try await Self.run(engine) { store, shop, storm in
            let receiver = try await JobReceiver(.gone)
            try await Self.observe(receiver.url(), on: shop)
            try await storm.all(.wanted, on: shop)
            #expect(try await eventually { try await shop.send("GET", Self.path)["status"] == "paused" })
            // Whatever was under way as it was paused has ended by then.
            try await Task.sleep(for: .seconds(2))
            let count = receiver.receipts.count
            // Those that were under way at the same time may have come, and each of them once.
            #expect(count <= storm.entities.count, "\(count)")
            try await storm.all(.wanted, on: shop)
            try await Task.sleep(for: .seconds(2))
            #expect(receiver.receipts.count == count)
            receiver.behave(.well)
            #expect(try await shop.send("POST", "\(Self.path)/resume").status == 200)
            let ledger = try await JobLedger.read(store)
            #expect(try await eventually { receiver.accepted == ledger.positions(.wanted) })
            ledger.expect(receiver, got: .wanted, when: "after it was resumed")
            #expect(try await shop.send("GET", Self.path)["status"] == "active")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsTriedAgainGoesToTheNewAddress(_ engine: TestStore.Engine) async throws {
        try await Self.run(engine) { store, shop, storm in
            let old = try await JobReceiver(.refusing("jobs"))
            let new = try await JobReceiver(.well)
            try await Self.observe(old.url(), on: shop)
            try await storm.all(.wanted, on: shop)
            #expect(try await eventually { old.received.count == storm.entities.count })
            let tag = try #require(try await shop.send("GET", Self.path).headers["etag"])
            let patch = #"{"actions":[{"type":"webhook","url":"\#(new.url())"}]}"#
            let answer = try await shop.send("PATCH", Self.path, patch, headers: ["If-Match: \(tag)"])
            #expect(answer.status == 200, "\(answer.text)")
            let ledger = try await JobLedger.read(store)
            #expect(try await eventually { new.accepted == ledger.positions(.wanted) })
            let count = old.receipts.count
            try await Task.sleep(for: .seconds(1))
            #expect(old.receipts.count == count)
            #expect(old.accepted.isEmpty)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoIsDeletedDeliversNothingMore(_ engine: TestStore.Engine) async throws {
        try await Self.run(engine) { store, shop, storm in
            let receiver = try await JobReceiver(.refusing("jobs"))
            try await Self.observe(receiver.url(), on: shop)
            try await storm.all(.wanted, on: shop)
            #expect(try await eventually { receiver.received.count == storm.entities.count })
            let tag = try #require(try await shop.send("GET", Self.path).headers["etag"])
            #expect(try await shop.send("DELETE", Self.path, headers: ["If-Match: \(tag)"]).status == 204)
            // It hears of that within a second.
            try await Task.sleep(for: .seconds(2))
            let count = receiver.receipts.count
            try await storm.all(.wanted, on: shop)
            try await Task.sleep(for: .seconds(2))
            #expect(receiver.receipts.count == count)
            let left = try await eventually(within: .seconds(30)) {
                try await store.count("SELECT COUNT(*) FROM deliveries") == 0
            }
            #expect(left)
            #expect(try await store.count("SELECT COUNT(*) FROM dead_letters") == 0)
        }
    }

    /// There are more of them than are in memory at once, and many of each entity.
    @Test(arguments: TestStore.Engine.allCases)
    func deadLettersAreDeliveredOnceTheReceiverIsMended(_ engine: TestStore.Engine) async throws {
        let receiver = try await JobReceiver(.refusing("refused"))
        let store = try await ObservedStore(engine, file: JobObservers.file(receiver, receiver))
        let shop = try await store.start()
        let storm = JobStorm(entities: 10, refused: 10)
        try await storm.run(on: [shop], 1, times: 130)
        let ledger = try await JobLedger.drained(store)
        let refused = ledger.positions(.refused)
        receiver.behave(.well)
        for _ in 0..<2 {
            #expect(try await shop.send("POST", "/api/v1/dead-letters/retry").status == 200)
        }
        let isDrained = try await eventually(within: .seconds(30)) { refused.subtracting(receiver.accepted).isEmpty }
        let state = try await store.describe()
        #expect(isDrained, "\(state) \(shop.process.log)")
        #expect(
            try await eventually {
                try await Task.sleep(for: .milliseconds(500))
                return try await store.count("SELECT COUNT(*) FROM dead_letters") == 0
            })
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }

    /// What a receiver does not answer is given up, and sent again after the start.
    @Test(arguments: TestStore.Engine.allCases)
    func whoIsStoppedDoesNotWaitForWhoDoesNotAnswer(_ engine: TestStore.Engine) async throws {
        let store = try await ObservedStore(engine, file: "observers: []")
        let storm = JobStorm(entities: 40)
        let receiver = try await JobReceiver(.slowly(.seconds(19)))
        var shop = try await store.start()
        try await Self.observe(receiver.url(), on: shop)
        try await storm.all(.wanted, on: shop)
        try await storm.all(.wanted, on: shop)
        #expect(try await eventually { receiver.received.count == storm.entities.count })
        let start = ContinuousClock.now
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
        let took = ContinuousClock.now - start
        #expect(took < .seconds(4), "\(took)")
        receiver.behave(.well)
        shop = try await store.start()
        let ledger = try await JobLedger.read(store)
        #expect(try await eventually { receiver.accepted == ledger.positions(.wanted) })
        ledger.expect(receiver, got: .wanted, when: "after the start")
        let isWrittenDown = try await eventually {
            try await store.count("SELECT COUNT(*) FROM deliveries WHERE state = 3 AND attempts = 1")
                == 2 * storm.entities.count
        }
        #expect(isWrittenDown)
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }

    /// While a delivery is under way, the observer rests and goes on: nothing is done a second time beside it.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsUnderWayWhileItRestsIsWrittenDownOnce(_ engine: TestStore.Engine) async throws {
        try await Self.run(engine) { store, shop, storm in
            let receiver = try await JobReceiver(.slowly(.seconds(5)))
            try await Self.observe(receiver.url(), on: shop)
            try await storm.all(.wanted, on: shop)
            #expect(try await eventually { receiver.received.count == storm.entities.count })
            #expect(try await shop.send("POST", "\(Self.path)/pause").status == 200)
            // It hears of that within a second.
            try await Task.sleep(for: .milliseconds(1_500))
            #expect(try await shop.send("POST", "\(Self.path)/resume").status == 200)
            let isDone = try await eventually(within: .seconds(20)) {
                try await store.count("SELECT COUNT(*) FROM deliveries WHERE state = 3") == storm.entities.count
            }
            #expect(isDone)
            #expect(receiver.receipts.count == storm.entities.count)
            receiver.behave(.well)
            try await storm.all(.wanted, on: shop)
            let ledger = try await JobLedger.read(store)
            #expect(try await eventually { receiver.received == ledger.positions(.wanted) })
            #expect(receiver.receipts.count == 2 * storm.entities.count)
        }
    }
}
