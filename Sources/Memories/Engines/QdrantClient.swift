import Core
import Outbound
import Storage
import Telemetry

/// Sends requests to a Qdrant server and reads its answers.
final class QdrantClient: Sendable {
    private let url: QdrantURL
    private let key: String
    private let patience: Duration
    private let sender: HTTPSender
    /// Sending for a thread that waits must not need one of the threads that all of those wait on.
    private let threads = WaitingThreads(limit: 1)

    /// Writing a batch may take longer than a search by so much.
    private static let writingFactor = 12
    /// How large an answer may be, in bytes.
    private static let answerLimit = 64 << 20
    /// How much of an answer that tells of a failure is shown, in bytes.
    private static let shownLimit = 300

    init(_ url: QdrantURL, settings: SettingsValues, metrics: MetricsRegistry) throws {
        self.url = url
        key = settings[MemoriesSettings.qdrantKey]
        patience = .milliseconds(settings[MemoriesSettings.engineTimeout])
        // The operator alone says where it is, and mostly it is in the network of the server.
        sender = try HTTPSender(settings: settings, metrics: metrics, networks: .everything)
    }

    func close() {
        sender.close()
        threads.close()
    }

    /// Sends a request without a body.
    ///
    /// - parameter missing: what is returned when the server says that there is no such thing; nil makes it a failure.
    /// - returns: the result.
    func send(_ method: HTTPRequest.Method, _ path: String, missing: JSONValue? = nil) async throws -> JSONValue {
        let answer = try await exchange(method, path, [], patience)
        if answer.status == 404, let missing { return missing }
        return try result(of: answer, path)
    }

    /// Asks something.
    func post(_ path: String, _ members: (inout JSONWriter) -> Void) async throws -> JSONValue {
        try result(of: try await exchange(.post, path, Self.body(members), patience), path)
    }

    /// Asks something while the calling thread waits.
    func postWaiting(_ path: String, _ members: (inout JSONWriter) -> Void) throws -> JSONValue {
        let body = Self.body(members)
        // The request has this time too, and a connection may have to be waited for before.
        let answer = try threads.waiting(atMost: patience * 2) { [self] in
            try await exchange(.post, path, body, patience)
        }
        guard let answer else {
            throw Failure.engineUnavailable(
                "qdrant", Failure(.timeout, code: "timeout", "It has not answered within memories.engine_timeout."))
        }
        return try result(of: answer, path)
    }

    /// Changes something.
    func change(
        _ method: HTTPRequest.Method, _ path: String, _ members: (inout JSONWriter) -> Void
    ) async throws {
        _ = try result(of: try await exchange(method, path, Self.body(members), patience * Self.writingFactor), path)
    }

    private static func body(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(capacity: 16_384)
        json.object(members)
        return json.bytes
    }

    private func exchange(
        _ method: HTTPRequest.Method, _ path: String, _ body: [UInt8], _ timeout: Duration
    ) async throws -> HTTPAnswer {
        do {
            var headers = [try HTTPHeader("Content-Type", "application/json")]
            if !key.isEmpty { headers.append(try HTTPHeader("api-key", key)) }
            return try await sender.send(
                HTTPRequest(
                    try HTTPURL(url.text + path), method: method, headers: headers, body: body, timeout: timeout,
                    responseLimit: .whole(Self.answerLimit)))
        } catch {
            throw Failure.engineUnavailable("qdrant", error)
        }
    }

    /// The member `result` of an answer, or the whole of one that has none.
    private func result(of answer: HTTPAnswer, _ path: String) throws -> JSONValue {
        guard answer.isSuccess else { throw failure(answer, path) }
        do {
            let value = try JSONParser.parse(answer.body)
            guard case .object(let object) = value, let result = object["result"] else { return value }
            return result
        } catch {
            throw Failure.engineUnavailable("qdrant", error)
        }
    }

    private func failure(_ answer: HTTPAnswer, _ path: String) -> Failure {
        let said = String(decoding: answer.body.prefix(Self.shownLimit), as: UTF8.self)
        switch answer.status {
        case 401, 403:
            return Failure(
                .invalid, code: "qdrant_refused",
                "Qdrant at \(url.text) does not accept memories.qdrant_api_key: set a key that may change collections.")
        case 404 where path.hasPrefix("/collections/vectors_"):
            return .vectorSetMissing(String(path.dropFirst("/collections/".count).prefix { $0 != "/" }))
        default:
            return .engineUnavailable(
                "qdrant",
                Failure(.unavailable, code: "qdrant_failed", "It answers \(path) with \(answer.status): \(said)"))
        }
    }
}

extension WaitingThreads {
    /// Runs something on one of the threads while the calling thread waits.
    ///
    /// - returns: nil when it takes longer; then it is cancelled.
    func waiting<T: Sendable>(
        atMost patience: Duration, _ body: @escaping @Sendable () async throws -> T
    ) throws -> T? {
        let outcome = WaitedOutcome<T>()
        let task = Task.detached(executorPreference: self) {
            do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
        }
        guard let result = outcome.wait(atMost: patience) else {
            task.cancel()
            return nil
        }
        return try result.get()
    }
}
