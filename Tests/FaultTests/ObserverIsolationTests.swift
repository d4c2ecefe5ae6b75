import Core
import Foundation
import Storage
import TestKit
import Testing

/// Observers whose destinations are dead, or that cannot do what they are to, beside one that can.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ObserverIsolationTests {
    private static let count = 200

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsBrokenHoldsUpNothingElse(_ engine: TestStore.Engine) async throws {
        let healthy = try await JobReceiver(.well)
        let silent = try await WebhookReceiver(keepsRequests: false) { _ in .silence }
        // PostgreSQL stores no text with this character.
        let strange = try await WebhookReceiver(keepsRequests: false) { _ in .status(500, body: "no\u{0}thing") }
        let (descriptor, dead) = try Loopback.listen()
        close(descriptor)
        let store = try await ObservedStore(
            engine, file: Self.file(healthy, silent: silent.url(), strange: strange.url(), dead: dead))
        let shop = try await store.start()
        let connection = try shop.connect()
        let entity = IdentifierGenerator().next(at: SystemTime().now())
        for number in 0..<Self.count {
            // What comes just after the start waits for the parts of the work to be given out.
            if number == 1 { #expect(try await eventually { !healthy.receipts.isEmpty }) }
            let body = #"{"entity_type":"job","entity_id":"\#(entity)","data":{"kind":"wanted"}}"#
            #expect(try await connection.exchange("POST", "/api/v1/events", body).status == 200)
            try await Task.sleep(for: .milliseconds(20))
        }
        let ledger = try await JobLedger.read(store)
        #expect(try await eventually { healthy.accepted == ledger.positions(.wanted) })
        let committed = Dictionary(ledger.jobs.map { ($0.position, $0.at.microseconds) }) { $1 }
        let delays = healthy.receipts.dropFirst().map { $0.at.microseconds - (committed[$0.position] ?? 0) }.sorted()
        let late = delays[delays.count * 99 / 100]
        print("half of the events came within \(delays[delays.count / 2]) us, 99 % within \(late) us")
        #expect(late < 1_000_000)
        // What is broken for good is among the dead letters, and each of them says why.
        let reasons = [
            "condition": "condition_failed", "lookup": "lookup_failed", "template": "template_failed",
            "statement": "statement_failed",
        ]
        for (observer, reason) in reasons {
            let path = "/api/v1/dead-letters?observer=\(observer)&reason=\(reason)&count=exact&limit=1"
            var answer = ""
            let isThere = try await eventually {
                answer = try await shop.send("GET", path).text
                return answer.contains("\"total\":\(Self.count)")
            }
            #expect(isThere, "\(observer): \(answer)")
        }
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }

    private static func file(_ healthy: JobReceiver, silent: String, strange: String, dead: Int) -> String {
        """
        statements:
          broken: "INSERT INTO nowhere (position) VALUES (:position)"
        observers:
          - {name: healthy, entity_types: [job], actions: [{type: webhook, url: "\(healthy.url())"}]}
          - {name: silent, entity_types: [job], ordering: none, timeout_ms: 5000,
             actions: [{type: webhook, url: "\(silent)"}]}
          - {name: dead, entity_types: [job], ordering: none,
             actions: [{type: webhook, url: "http://127.0.0.1:\(dead)/"}]}
          - {name: strange, entity_types: [job], ordering: none, retry: {strategy: fixed, initial_delay_ms: 10},
             actions: [{type: webhook, url: "\(strange)"}]}
          - {name: condition, entity_types: [job], condition: "missing > 3",
             actions: [{type: webhook, url: "\(healthy.url())"}]}
          - {name: lookup, entity_types: [job], lookups: {who: {entity_type: customer, id: "kind | money('EUR')"}},
             actions: [{type: webhook, url: "\(healthy.url())"}]}
          - {name: template, entity_types: [job], retry: {strategy: fixed, initial_delay_ms: 1, max_attempts: 2},
             actions: [{type: webhook, url: "\(healthy.url("/{{ missing }}"))"}]}
          - {name: statement, entity_types: [job],
             actions: [{type: database, statement: broken, params: {position: "{{ event.position }}"}}]}
        """
    }
}
