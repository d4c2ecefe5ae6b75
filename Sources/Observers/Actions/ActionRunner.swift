import Caching
import Core
import Logging
import Outbound

/// Does what actions have rendered: the one place where observers touch the outside world.
struct ActionRunner: Sendable {
    /// What a set of keys of Redis is called that are to go with a tag.
    static let tagPrefix = "millrace:tag:"

    let sender: HTTPSender
    let bulk: BulkCollector
    let mail: SMTPClient?
    let nats: NATSClient?
    let redis: RedisClient?
    /// The variables of the server by their names, where secrets may stand.
    let environment: [String: String]
    let logger: Logger

    /// Makes one attempt. It takes twice its time at most: it may wait as long for a connection, or for others that go
    /// with it, as the attempt may take then.
    ///
    /// - parameters:
    ///   - messageID: names the message, the same for each attempt.
    ///   - attempt: its number, from 1.
    func run(
        _ action: RenderedAction, messageID: String, attempt: Int, timeout: Duration, at now: Timestamp
    ) async -> DeliveryOutcome {
        do {
            switch action {
            case .statement(let name, let parameters): return .execute(statement: name, parameters: parameters)
            case .indexing: return .index
            case .request(let request):
                try await send(request, messageID: messageID, attempt: attempt, timeout: timeout, at: now)
            case .email(let message):
                try await send(message, messageID: messageID, attempt: attempt, timeout: timeout)
            case .invalidation(let tags): try await invalidate(tags)
            case .document(let document): try await index(document, timeout: timeout)
            case .stream(let name, let maximumLength, let payload):
                let fields = [
                    (name: "id", value: Array(messageID.utf8)), (name: "attempt", value: Array("\(attempt)".utf8)),
                    (name: "event", value: payload),
                ]
                try await requireRedis().append(to: name, fields, maximumLength: maximumLength)
            case .subject(let name, let payload):
                try await publish(payload, to: name, messageID: messageID, attempt: attempt, timeout: timeout)
            case .line(let level, let text):
                logger.log(
                    level: Logger.Level(rawValue: level) ?? .info, "\(text)",
                    metadata: ["event": "\(messageID)", "attempt": "\(attempt)"])
            }
            return .delivered
        } catch let failure as DeliveryFailure {
            return .failed(failure)
        } catch {
            return .failed(DeliveryFailure(error, isFromSending: true))
        }
    }

    // MARK: HTTP

    private func send(
        _ request: RenderedRequest, messageID: String, attempt: Int, timeout: Duration, at now: Timestamp
    ) async throws {
        var headers = try request.headers.map { try HTTPHeader($0.name, $0.value.value(in: environment)) }
        headers.append(try Self.header(ofAttempt: attempt))
        headers.append(try HTTPHeader("user-agent", "millrace/\(Version.current)"))
        if request.secrets.isEmpty {
            headers.append(try HTTPHeader("webhook-id", messageID))
        } else {
            let secrets = try request.secrets.map { try WebhookSecret($0.value(in: environment)) }
            headers += try WebhookSigner(secrets).headers(id: messageID, time: now, body: request.body)
        }
        let answer = try await sender.send(
            HTTPRequest(
                try HTTPURL(request.url.value(in: environment)),
                method: HTTPRequest.Method(rawValue: request.method) ?? .post,
                headers: headers, body: request.body, timeout: timeout))
        guard !answer.isSuccess else { return }
        throw DeliveryFailure(answer, obeysGone: request.obeysGone)
    }

    /// Says which attempt it is, where there are headers.
    private static func header(ofAttempt attempt: Int) throws -> HTTPHeader {
        try HTTPHeader("millrace-attempt", "\(attempt)")
    }

    private func index(_ document: RenderedDocument, timeout: Duration) async throws {
        let headers = try document.headers.map { try HTTPHeader($0.name, $0.value.value(in: environment)) }
        try await bulk.index(
            BulkIndexer.Document(index: document.index, id: document.id, source: document.source),
            at: BulkCollector.Server(try HTTPURL(document.url), headers: headers), timeout: timeout)
    }

    // MARK: Others

    private func send(
        _ message: RenderedEmail, messageID: String, attempt: Int, timeout: Duration
    ) async throws {
        guard let mail, let sender = mail.defaultSender else {
            throw Failure.notConfigured("No mail can be sent: set outbound.smtp_url and outbound.smtp_from.")
        }
        let host = sender.address.split(separator: "@").last ?? "localhost"
        let email = try EmailMessage(
            from: sender, to: message.to.map { try EmailAddress($0) },
            copies: message.copies.map { try EmailAddress($0) },
            replyTo: message.replyTo.map { try EmailAddress($0) }, subject: message.subject, text: message.text,
            html: message.html, messageID: "\(messageID)@\(host)", attempt: attempt,
            date: message.date)
        try await mail.send(email, timeout: timeout)
    }

    private func publish(
        _ payload: [UInt8], to subject: String, messageID: String, attempt: Int, timeout: Duration
    ) async throws {
        guard let nats else { throw Failure.notConfigured("No NATS server is configured: set outbound.nats_url.") }
        try await nats.publish(
            payload, to: subject, messageID: messageID, headers: [Self.header(ofAttempt: attempt)], timeout: timeout)
    }

    private func invalidate(_ tags: [String]) async throws {
        let redis = try requireRedis()
        for tag in tags {
            let set = Self.tagPrefix + tag
            for key in try await redis.members(ofSet: set) { try await redis.unlink(key) }
            try await redis.unlink(set)
        }
    }

    private func requireRedis() throws -> RedisClient {
        guard let redis else { throw Failure.notConfigured("No Redis is configured: set cache.redis.") }
        return redis
    }
}

extension Failure {
    /// What an action needs is not there.
    fileprivate static func notConfigured(_ message: String) -> Failure {
        Failure(.invalid, code: "not_configured", message)
    }
}

extension DeliveryFailure {
    /// What an answer says that is no success. A redirection is one too: where it leads to was never checked. Who
    /// answers that the request is wrong is there, and may take others.
    init(_ answer: HTTPAnswer, obeysGone: Bool) {
        let beginning = String(decoding: answer.body.prefix(200), as: UTF8.self)
        self.init(
            reason: "http_\(answer.status)",
            message: "The receiver answered \(answer.status)\(beginning.isEmpty ? "." : ": \(beginning)")")
        retryAfter = answer.retryAfter.map { Int(($0 / .seconds(1)).rounded(.up)) }
        isGone = obeysGone && answer.status == 410
        destinationIsWell = (400...499).contains(answer.status) && answer.status != 429
    }
}
