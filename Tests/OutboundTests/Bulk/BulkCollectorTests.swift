import Core
import Telemetry
import TestKit
import Testing

@testable import Outbound

/// Documents that come one by one, for a double of Elasticsearch.
@Suite(.timeLimit(.minutes(5))) struct BulkCollectorTests {
    private let double = ElasticsearchDouble()
    private let receiver: WebhookReceiver
    private let server: BulkCollector.Server
    private let collector: BulkCollector

    init() async throws {
        receiver = try await WebhookReceiver { [double] request in
            // What comes while the first request is under way waits for it. One of five documents is too much.
            guard request.text.split(separator: "\n").count <= 8 else { return .status(413) }
            var answer = double.answer(request)
            answer.delay = .milliseconds(request.number == 1 ? 300 : 0)
            return answer
        }
        server = BulkCollector.Server(try HTTPURL(receiver.url("/search")))
        collector = BulkCollector(sender: try HTTPSender(settings: .outbound(), metrics: MetricsRegistry()))
    }

    private func index(_ id: Int, _ source: String = "{}", timeout: Duration = .seconds(30)) async -> String {
        do {
            let document = try BulkIndexer.Document(index: "events", id: "\(id)", source: Array(source.utf8))
            try await collector.index(document, at: server, timeout: timeout)
            return "stored"
        } catch {
            return error.code
        }
    }

    /// Gives one document, and others while its request is under way.
    private func index(_ others: [(id: Int, source: String)]) async throws -> [Int: String] {
        try await withThrowingTaskGroup(of: (Int, String).self) { group in
            group.addTask { (0, await index(0)) }
            try await receiver.waitForRequests(1)
            for other in others { group.addTask { (other.id, await index(other.id, other.source)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    @Test func whatComesMeanwhileGoesTogetherAndEachHasItsOutcome() async throws {
        let outcomes = try await index([(1, "{}"), (2, #"{"status":400}"#), (3, #"{"status":429}"#), (4, "{}")])
        #expect(outcomes == [0: "stored", 1: "stored", 2: "document_refused", 3: "document_deferred", 4: "stored"])
        #expect(receiver.count == 2)
        #expect(double.documents.keys.sorted() == ["events/0", "events/1", "events/4"] && double.complaints.isEmpty)
        #expect(await index(5) == "stored")
        #expect(receiver.count == 3)
    }

    @Test func whatIsTooMuchTogetherGoesInParts() async throws {
        let outcomes = try await index((1...10).map { ($0, "{}") })
        #expect(Set(outcomes.values) == ["stored"] && outcomes.count == 11)
        #expect(double.documents.count == 11)
    }

    @Test func whoHasNoTimeGivesUpAndHoldsUpNobody() async throws {
        let first = Task { await index(0) }
        try await receiver.waitForRequests(1)
        #expect(await index(1, timeout: .milliseconds(20)) == "timeout")
        let cancelled = Task { await index(2) }
        cancelled.cancel()
        #expect(await cancelled.value == "cancelled")
        #expect(await first.value == "stored")
        #expect(await index(3) == "stored")
        #expect(double.documents.keys.sorted() == ["events/0", "events/3"])
    }

    @Test func aServerThatIsAwayFailsAllOfThem() async throws {
        try await receiver.stopListening()
        #expect(await index(0) == "connect_failed")
        #expect(await index(1) == "connect_failed")
    }
}
