public import Core
import NIOCore
import NIOPosix

/// Gives documents that come one by one to Elasticsearch or OpenSearch, many with one request: what comes while a
/// request to a server is under way goes with the next one.
public final class BulkCollector: Sendable {
    /// Where documents go, and with which further fields.
    public struct Server: Hashable, Sendable {
        let url: HTTPURL
        let headers: [HTTPHeader]

        /// A server by its root and further fields of requests.
        public init(_ url: HTTPURL, headers: [HTTPHeader] = []) {
            self.url = url
            self.headers = headers
        }
    }

    private typealias Call = PendingCall<BulkIndexer.Document, Void>

    /// How many documents go with one request at most, and how many bytes: a tenth of what servers take by default.
    static let countLimit = 1_000
    static let byteLimit = 10 << 20
    /// How many documents may wait for one server.
    static let waiterLimit = 10_000

    private let sender: HTTPSender
    private let loop: any EventLoop
    /// Those who wait, by the server that has a request under way. It is touched on the event loop only.
    private let waiting: NIOLoopBoundBox<[Server: [Call]]>

    /// A collector, which sends by a sender of requests.
    public init(sender: HTTPSender) {
        self.sender = sender
        loop = MultiThreadedEventLoopGroup.singleton.next()
        waiting = .makeBoxSendingValue([:], eventLoop: loop)
    }

    /// Stores a document.
    ///
    /// - throws: ``Failure`` as ``BulkIndexer/index(_:timeout:)``, of this document or of the whole request that it
    ///   went with, and `timeout`, `cancelled`, `overloaded`.
    public func index(
        _ document: BulkIndexer.Document, at server: Server, timeout: Duration = .seconds(30)
    ) async throws(Failure) {
        let indexer = try BulkIndexer(server.url, headers: server.headers, sender: sender)
        let result = await Call.run(document, timeout: timeout, on: loop) { [self] in add($0, server, indexer) }
        try result.get()
    }

    private func add(_ call: Call, _ server: Server, _ indexer: BulkIndexer) {
        guard let others = waiting.value[server] else {
            waiting.value[server] = []
            return send([call], server, indexer)
        }
        guard others.count < Self.waiterLimit else {
            return call.finish(.failure(.overloaded("Too many documents wait for \(server.url.destination)")))
        }
        call.activity = "waiting for a bulk request"
        waiting.value[server, default: []].append(call)
    }

    private func send(_ calls: [Call], _ server: Server, _ indexer: BulkIndexer) {
        for call in calls {
            call.activity = "indexing"
            call.endWaiting()
        }
        let documents = calls.map(\.request)
        let latest = calls.map(\.deadline).max() ?? .now()
        let sent = NIOLoopBound(calls, eventLoop: loop)
        Task { [self, loop] in
            let results = await Self.index(documents, by: indexer, until: latest)
            loop.execute { [self] in
                for (call, result) in zip(sent.value, results) { call.finish(result) }
                sendNext(server, indexer)
            }
        }
    }

    private func sendNext(_ server: Server, _ indexer: BulkIndexer) {
        let all = (waiting.value[server] ?? []).filter { !$0.isOver }
        var size = 0
        let fitting = all.prefix(Self.countLimit).prefix { call in
            size += call.request.source.count
            return size <= Self.byteLimit
        }
        let next = fitting.isEmpty ? all.prefix(1) : fitting
        guard !next.isEmpty else {
            waiting.value[server] = nil
            return
        }
        waiting.value[server] = Array(all.dropFirst(next.count))
        send(Array(next), server, indexer)
    }

    /// Stores documents, in halves where all of them are too much, and returns what became of each.
    private static func index(
        _ documents: [BulkIndexer.Document], by indexer: BulkIndexer, until deadline: NIODeadline
    ) async -> [Result<Void, Failure>] {
        let rest = max(.milliseconds(1), Duration(deadline - .now()))
        do throws(Failure) {
            return try await indexer.index(documents, timeout: rest)
        } catch {
            guard error.code == "bulk_too_large", documents.count > 1 else {
                return documents.map { _ in .failure(error) }
            }
            let middle = documents.count / 2
            return await index(Array(documents[..<middle]), by: indexer, until: deadline)
                + index(Array(documents[middle...]), by: indexer, until: deadline)
        }
    }
}
