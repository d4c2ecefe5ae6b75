import Core
import Telemetry
import TestKit
import Testing

@testable import Outbound

/// Documents for a double of Elasticsearch.
@Suite struct BulkIndexerTests {
    private let double = ElasticsearchDouble()
    private let receiver: WebhookReceiver
    private let indexer: BulkIndexer

    init() async throws {
        receiver = try await WebhookReceiver { [double] in double.answer($0) }
        let sender = try HTTPSender(settings: .outbound(), metrics: MetricsRegistry())
        indexer = try BulkIndexer(
            HTTPURL(receiver.url("/search/")), headers: [HTTPHeader("authorization", "ApiKey abc")], sender: sender)
    }

    private func document(_ id: String, _ source: String) throws -> BulkIndexer.Document {
        try BulkIndexer.Document(index: "events-2026", id: id, source: Array(source.utf8))
    }

    private func code(_ documents: [BulkIndexer.Document]) async -> String? {
        await #expect(throws: Failure.self) { try await indexer.index(documents) }?.code
    }

    private func codes(_ results: [Result<Void, Failure>]) -> [String] {
        results.map { result in
            switch result {
            case .success: "stored"
            case .failure(let failure): failure.code
            }
        }
    }

    @Test func documentsAreStored() async throws {
        let results = try await indexer.index([
            document("a\"\n1", "{\"name\":\n \"Käse\"\r\n}"), document("b", "{}"), document("b", #"{"b":"\n"}"#),
        ])
        #expect(double.complaints.isEmpty)
        #expect(codes(results) == ["stored", "stored", "stored"])
        let stored = double.documents
        #expect(stored.count == 2)
        #expect(stored["events-2026/b"] == #"{"b":"\n"}"#, "the later one replaces the earlier")
        #expect(receiver.requests.first?["authorization"] == "ApiKey abc")
    }

    @Test func eachDocumentHasItsOutcome() async throws {
        let statuses = [429, 400, 503, 404, 409].map { #"{"status":\#($0)}"# }
        let documents = try statuses.enumerated().map { try document("\($0)", $1) } + [document("last", "{}")]
        let results = try await indexer.index(documents)
        #expect(
            codes(results) == [
                "document_deferred", "document_refused", "document_deferred", "document_refused", "document_refused",
                "stored",
            ])
        guard case .failure(let failure) = results[1] else { return }
        #expect(failure.message.contains("mapper: no"))
    }

    @Test func aWholeRequestMayFail() async throws {
        let one = try [document("a", "{}")]
        for (status, expected) in [
            (429, "bulk_unavailable"), (503, "bulk_unavailable"), (413, "bulk_too_large"), (401, "bulk_refused"),
            (302, "bulk_refused"),
        ] {
            receiver.answer { _ in .status(status, headers: [("retry-after", "3")]) }
            #expect(await code(one) == expected)
        }
        for body in ["", "{}", #"{"items":[]}"#, #"{"items":[{"index":{}}]}"#, #"{"items":[1]}"#] {
            receiver.answer { _ in .status(200, body: body) }
            #expect(await code(one) == "bulk_answer_invalid")
        }
        #expect(try await indexer.index([]).isEmpty)
        let many = try Array(repeating: document("a", "{}"), count: BulkIndexer.countLimit + 1)
        #expect(await code(many) == "bulk_too_large")
    }

    @Test(arguments: [
        ("", "a"), ("Events", "a"), ("_events", "a"), ("a b", "a"), ("a/b", "a"), ("a*", "a"), ("..", "a"), ("a", ""),
    ])
    func namesThatNoServerTakesAreRefused(_ index: String, _ id: String) {
        let failure = #expect(throws: Failure.self) { try BulkIndexer.Document(index: index, id: id, source: []) }
        #expect(failure?.code == "document_invalid")
    }
}
