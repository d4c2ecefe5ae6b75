import ChangeLog
import Core
import HTTPTypes
import Storage
import Synchronization
import Telemetry

/// Remembers which requests were answered and how, so that a repeated one is answered alike and done once.
///
/// An answer is stored in the transaction of the effect that it tells of. A request that fails leaves nothing behind,
/// not even its key, since all it did was undone: a repetition is tried anew and may succeed.
///
/// Repetitions within this process are told apart by the set of keys in flight. Later ones, and those of other
/// processes, meet the first at the unique index.
struct IdempotencyMemory: Sendable {
    /// The longest body that is stored. A repeated request whose answer was longer is told so, and not done again.
    static let bodyLimit = 1_048_576

    private let log: ChangeLog
    private let inFlight = KeysInFlight()
    private let replays: Counter

    init(log: ChangeLog, metrics: MetricsRegistry) {
        self.log = log
        replays = metrics.counter(
            "idempotency_replays_total", "Requests that were answered from the memory of their Idempotency-Key."
        ).with()
    }

    /// An answer, and a position of the log that includes what it tells of.
    typealias Answer = (response: APIResponse, position: LogPosition)

    /// Does the work of a request once, and answers its repetitions with the first answer.
    ///
    /// - throws: ``Failure`` `idempotency_in_flight`, `idempotency_key_reused`, and what the work throws.
    func once(
        _ key: IdempotencyKey, _ request: APIRequest, isolation: Isolation, _ work: @escaping Route.Writing
    ) async throws -> Answer {
        guard inFlight.enter(key.digest) else { throw Self.isInFlight }
        defer { inFlight.leave(key.digest) }
        do {
            let written = try await log.write(request.context, isolation: isolation) { unit in
                let response = try work(unit)
                return try store(response, of: request, under: key, in: unit)
            }
            return (written.value, written.position)
        } catch {
            // A repetition does the work again, and fails at the latest where its key is stored; all it did is undone.
            // Or it fails before, because the first attempt took what it needs.
            if let replayed = try await find(key) { return replayed }
            throw error
        }
    }

    /// The answer that a request was given before under its key; nil when there is none.
    ///
    /// - throws: ``Failure`` `idempotency_key_reused`, `idempotency_answer_too_large`.
    func find(_ key: IdempotencyKey) async throws -> Answer? {
        let query: SQL = """
            SELECT fingerprint, status, content_type, location, entity_tag, body
            FROM idempotency_keys WHERE digest = \(key.digest)
            """
        let found = try await log.read { try $0.first(query) { try Self.read($0, of: key) } }
        guard let response = found.value else { return nil }
        replays.increment()
        return (response, found.position)
    }

    /// Stores the answer of a request, and returns it with its body complete.
    private func store(
        _ response: APIResponse, of request: APIRequest, under key: IdempotencyKey, in unit: UnitOfWork
    ) throws -> APIResponse {
        guard let (bytes, contentType) = try response.content(for: request) else {
            throw Failure.internal("A write route answers with a stream.")
        }
        let body = bytes.count <= Self.bodyLimit ? SQLValue.bytes(bytes) : .null
        try unit.transaction.insert(
            Self.insertion,
            [
                key.digest.sqlValue, key.fingerprint.sqlValue, response.status.code.sqlValue, contentType.sqlValue,
                response.headers[.location].sqlValue, response.headers[.eTag].sqlValue, body, unit.now.sqlValue,
            ])
        var complete = response
        complete.body = contentType.map { .bytes(bytes, contentType: $0) } ?? .none
        return complete
    }

    private static let insertion = Insertion(
        into: "idempotency_keys",
        "digest, fingerprint, status, content_type, location, entity_tag, body, created_at")

    private static func read(_ row: Row, of key: IdempotencyKey) throws -> APIResponse {
        guard try row.identifier(0) == key.fingerprint else {
            throw Failure(
                .keyReused, code: "idempotency_key_reused",
                "This Idempotency-Key came with another body before. Use a new key for a new request.")
        }
        guard let bytes = row.optionalBytes(5) else {
            throw Failure.conflict(
                "idempotency_answer_too_large",
                "The request was done before, and its answer was too large to be kept. Read what it made instead.")
        }
        var headers: HTTPFields = [.idempotencyReplayed: "true"]
        headers[.location] = row.optionalText(3)
        headers[.eTag] = row.optionalText(4)
        let body = row.optionalText(2).map { APIResponse.Body.bytes(bytes, contentType: $0) } ?? .none
        return APIResponse(HTTPResponse.Status(code: row.int(1)), headers: headers, body: body)
    }

    private static var isInFlight: Failure {
        Failure(
            .conflict, code: "idempotency_in_flight",
            "A request with this Idempotency-Key is being answered. Try again once it is done.", retryAfter: 1)
    }
}

/// The keys of the requests that are being answered in this process.
private final class KeysInFlight: Sendable {
    private let digests = Mutex<Set<Identifier>>([])

    /// Takes a key, unless somebody has it.
    func enter(_ digest: Identifier) -> Bool {
        digests.withLock { $0.insert(digest).inserted }
    }

    func leave(_ digest: Identifier) {
        _ = digests.withLock { $0.remove(digest) }
    }
}
