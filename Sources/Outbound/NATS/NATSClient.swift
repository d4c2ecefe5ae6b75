public import Core
public import NIOCore
import NIOPosix
import NIOSSL
public import Telemetry

/// Gives messages to streams of NATS JetStream, over one connection for all of them.
///
/// A message counts as sent once a stream has stored it. Its identifier goes with it (`Nats-Msg-Id`), so one that is
/// sent again within the stream's window of duplicates is stored once.
public final class NATSClient: Sendable {
    private let loop: any EventLoop
    private let link: NIOLoopBoundBox<NATSLink>
    private let metrics: NATSMetrics

    /// A client, which connects when it is first used.
    ///
    /// - parameters:
    ///   - settings: ``OutboundSettings``.
    ///   - group: its connection lives on one of these event loops; nil takes those of the process.
    /// - throws: ``Failure`` `tls_settings_invalid` when the file of authorities cannot be read.
    public init(
        _ url: NATSURL, settings: SettingsValues = .defaults, metrics: MetricsRegistry,
        group: (any EventLoopGroup)? = nil
    ) throws(Failure) {
        loop = (group ?? MultiThreadedEventLoopGroup.singleton).next()
        self.metrics = NATSMetrics(metrics)
        let made = NATSLink(
            url, tls: try .outbound(settings), on: loop, connections: OutboundMetrics(metrics).connections("nats"))
        link = .makeBoxSendingValue(made, eventLoop: loop)
    }

    /// The client of `outbound.nats_url`, or nil when that is empty.
    public convenience init?(
        settings: SettingsValues, metrics: MetricsRegistry, group: (any EventLoopGroup)? = nil
    ) throws(Failure) {
        guard let url = settings[OutboundSettings.natsServer].value else { return nil }
        try self.init(url, settings: settings, metrics: metrics, group: group)
    }

    /// Gives a message to the stream that stores its subject, and returns once that has it.
    ///
    /// - parameters:
    ///   - messageID: the same for each attempt.
    ///   - headers: fields that go with the message beside its identifier.
    /// - throws: ``Failure``: `nats_no_stream`, `nats_unavailable`, `connect_failed`, `tls_failed`, `timeout`,
    ///   `connection_lost`, `overloaded` and `nats_protocol_error`, which may pass; `nats_subject_invalid`,
    ///   `header_invalid`, `nats_refused` and `nats_login_refused`, which do not; `cancelled`, and `stopping` after
    ///   ``close()``.
    @discardableResult
    public func publish(
        _ payload: [UInt8], to subject: String, messageID: String, headers: [HTTPHeader] = [],
        timeout: Duration = .seconds(10)
    ) async throws(Failure) -> NATSAcknowledgement {
        try Self.check(subject)
        let message = NATSMessage(
            subject: subject, headers: [try HTTPHeader("Nats-Msg-Id", messageID)] + headers, payload: payload)
        let (link, startedAt) = (link, NIODeadline.now())
        let result = await NATSCall.run(message, startedAt: startedAt, timeout: timeout, on: loop) {
            link.value.publish($0)
        }
        metrics.observe(result, since: startedAt)
        return try result.get()
    }

    /// Ends what is being sent, and closes the connection.
    public func close() {
        let link = link
        loop.execute { link.value.close() }
    }

    /// Whether something can be published to a subject.
    ///
    /// - throws: ``Failure`` `nats_subject_invalid`.
    public static func check(_ subject: String) throws(Failure) {
        let words = subject.split(separator: ".", omittingEmptySubsequences: false)
        let isValid =
            subject.utf8.count <= 255
            && words.allSatisfy { word in
                !word.isEmpty && word.utf8.allSatisfy { (0x21...0x7E).contains($0) }
                    && !word.contains { $0 == "*" || $0 == ">" }
            }
        guard isValid, words.first != "$JS", words.first != "_INBOX" else { throw .natsSubjectInvalid(subject) }
    }
}

/// The connection to a NATS server: made when it is needed, and again after a pause when it was lost. It lives on its
/// event loop.
final class NATSLink {
    /// How many messages may wait for the connection.
    static let limit = 4_096

    private let url: NATSURL
    private let tls: NIOSSLContext
    private let loop: any EventLoop
    private let connections: Gauge
    private var connection: NATSConnection?
    private var isReady = false
    private var isClosed = false
    private var waiting: [NATSCall] = []
    private var backoff = Backoff()
    private var random = SystemRandomNumberGenerator()
    private var retryAt = NIODeadline.now()
    private var attempt: Scheduled<Void>?

    init(_ url: NATSURL, tls: NIOSSLContext, on loop: any EventLoop, connections: Gauge) {
        self.url = url
        self.tls = tls
        self.loop = loop
        self.connections = connections
    }

    /// A message is to be sent, as soon as there is a connection.
    func publish(_ call: NATSCall) {
        guard !isClosed else { return call.finish(.failure(.stopping)) }
        if isReady, let connection { return connection.publish(call) }
        guard waiting.count < Self.limit else {
            return call.finish(.failure(.overloaded("Too many messages wait for NATS")))
        }
        call.activity = "connecting to NATS at \(url.host):\(url.port)"
        call.onGiveUp = { [weak self] in self?.waiting.removeAll { $0.isOver } }
        waiting.append(call)
        connect()
    }

    /// Ends everything, for good.
    func close() {
        isClosed = true
        attempt?.cancel()
        failWaiting(.stopping)
        connection?.close(.stopping)
    }

    private func connect() {
        guard connection == nil, attempt == nil, !isClosed else { return }
        attempt = loop.assumeIsolated().scheduleTask(deadline: retryAt) { [weak self] in
            guard let self, !isClosed else { return }
            attempt = nil
            connections.set(1)
            connection = NATSConnection(
                to: url, tls: tls, on: loop, onReady: { [weak self] in self?.ready() },
                onClose: { [weak self] in self?.closed($0) })
        }
    }

    private func ready() {
        isReady = true
        backoff.reset()
        let calls = waiting
        waiting = []
        for call in calls {
            call.endWaiting()
            connection?.publish(call)
        }
    }

    private func closed(_ failure: Failure) {
        connection = nil
        isReady = false
        connections.set(0)
        retryAt = .now() + TimeAmount(backoff.next(using: &random))
        failWaiting(failure)
    }

    private func failWaiting(_ failure: Failure) {
        let calls = waiting
        waiting = []
        for call in calls { call.finish(.failure(failure)) }
    }
}
