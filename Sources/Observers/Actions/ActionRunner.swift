import Caching
import Core
import Logging
import Outbound

/// Does what actions have rendered: the one place where observers touch the outside world.
struct ActionRunner: Sendable {
    /// What a set of keys of Redis is called that are to go with a tag.
    static let tagPrefix = "millrace:tag:"

    let sender: HTTPSender
    let mail: SMTPClient?
    let nats: NATSClient?
    let redis: RedisClient?
    let logger: Logger

    /// Makes one attempt. It never takes much longer than its time.
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
            case .request(let request):
                try await send(request, messageID: messageID, attempt: attempt, timeout: timeout, at: now)
            case .email(let message): try await send(message, messageID: messageID, timeout: timeout)
            case .invalidation(let tags): try await invalidate(tags)
            case .document(let document): try await index(document, timeout: timeout)
            case .stream(let name, let maximumLength, let payload):
                let fields = [
                    (name: "id", value: Array(messageID.utf8)), (name: "event", value: payload),
                ]
                try await requireRedis().append(to: name, fields, maximumLength: maximumLength)
            case .subject(let name, let payload): try await publish(payload, to: name, messageID, timeout: timeout)
            case .line(let level, let text):
                logger.log(
                    level: Logger.Level(rawValue: level) ?? .info, "\(text)", metadata: ["event": "\(messageID)"])
            }
            return .delivered
        } catch let failure as DeliveryFailure {
            return .failed(failure)
        } catch {
            return .failed(DeliveryFailure(error))
        }
    }

    // MARK: HTTP

    private func send(
        _ request: RenderedRequest, messageID: String, attempt: Int, timeout: Duration, at now: Timestamp
    ) async throws {
        var headers = try request.headers.map { try HTTPHeader($0.name, $0.value) }
        headers.append(try HTTPHeader("millrace-attempt", "\(attempt)"))
        headers.append(try HTTPHeader("user-agent", "millrace/\(Version.current)"))
        if request.secrets.isEmpty {
            headers.append(try HTTPHeader("webhook-id", messageID))
        } else {
            let secrets = try request.secrets.map { try WebhookSecret(Environment.resolve($0)) }
            headers += try WebhookSigner(secrets).headers(id: messageID, time: now, body: request.body)
        }
        let answer = try await sender.send(
            HTTPRequest(
                try HTTPURL(request.url), method: HTTPRequest.Method(rawValue: request.method) ?? .post,
                headers: headers, body: request.body, timeout: timeout))
        guard !answer.isSuccess else { return }
        throw DeliveryFailure(answer, obeysGone: request.obeysGone)
    }

    private func index(_ document: RenderedDocument, timeout: Duration) async throws {
        let headers = try document.headers.map { try HTTPHeader($0.name, $0.value) }
        let indexer = try BulkIndexer(try HTTPURL(document.url), headers: headers, sender: sender)
        let results = try await indexer.index(
            [BulkIndexer.Document(index: document.index, id: document.id, source: document.source)], timeout: timeout)
        for result in results { try result.get() }
    }

    // MARK: Others

    private func send(_ message: RenderedEmail, messageID: String, timeout: Duration) async throws {
        guard let mail, let sender = mail.defaultSender else {
            throw DeliveryFailure(
                reason: "not_configured",
                message: "No mail can be sent: set outbound.smtp_url and outbound.smtp_from.")
        }
        let host = sender.address.split(separator: "@").last ?? "localhost"
        let email = try EmailMessage(
            from: sender, to: message.to.map { try EmailAddress($0) },
            copies: message.copies.map { try EmailAddress($0) },
            replyTo: message.replyTo.map { try EmailAddress($0) }, subject: message.subject, text: message.text,
            html: message.html, messageID: "\(messageID)@\(host)", date: message.date)
        try await mail.send(email, timeout: timeout)
    }

    private func publish(_ payload: [UInt8], to subject: String, _ messageID: String, timeout: Duration) async throws {
        guard let nats else {
            throw DeliveryFailure(
                reason: "not_configured", message: "No NATS server is configured: set outbound.nats_url.")
        }
        try await nats.publish(payload, to: subject, messageID: messageID, timeout: timeout)
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
        guard let redis else {
            throw DeliveryFailure(reason: "not_configured", message: "No Redis is configured: set cache.redis.")
        }
        return redis
    }
}

extension DeliveryFailure {
    /// What an answer says that is no success. A redirection is one too: where it leads to was never checked.
    init(_ answer: HTTPAnswer, obeysGone: Bool) {
        let beginning = String(decoding: answer.body.prefix(200), as: UTF8.self)
        self.init(
            reason: "http_\(answer.status)",
            message: "The receiver answered \(answer.status)\(beginning.isEmpty ? "." : ": \(beginning)")")
        retryAfter = answer.retryAfter.map { Int(($0 / .seconds(1)).rounded(.up)) }
        isGone = obeysGone && answer.status == 410
    }
}
