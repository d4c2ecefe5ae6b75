public import Core
public import NIOCore
import NIOPosix
import NIOSSL
public import Telemetry

/// Sends e-mail by one mail server, over one connection that is kept.
public final class SMTPClient: Sendable {
    /// Who messages are from that do not say so themselves (`outbound.smtp_from`); nil when nobody is.
    public let defaultSender: EmailAddress?
    private let loop: any EventLoop
    private let queue: NIOLoopBoundBox<SMTPQueue>
    private let metrics: EmailMetrics

    /// A client, which connects when it is first used.
    ///
    /// - parameters:
    ///   - settings: ``OutboundSettings``.
    ///   - group: its connection lives on one of these event loops; nil takes those of the process.
    /// - throws: ``Failure`` `tls_settings_invalid` when the file of authorities cannot be read.
    public init(
        _ url: SMTPURL, settings: SettingsValues = .defaults, metrics: MetricsRegistry,
        group: (any EventLoopGroup)? = nil
    ) throws(Failure) {
        loop = (group ?? MultiThreadedEventLoopGroup.singleton).next()
        defaultSender = settings[OutboundSettings.smtpSender].value
        self.metrics = EmailMetrics(metrics)
        let made = SMTPQueue(
            url, tls: try .outbound(settings),
            stepTimeout: .milliseconds(Int64(settings[OutboundSettings.smtpTimeout])),
            on: loop, connections: OutboundMetrics(metrics).connections("smtp"))
        queue = .makeBoxSendingValue(made, eventLoop: loop)
    }

    /// The client of `outbound.smtp_url`, or nil when that is empty.
    public convenience init?(
        settings: SettingsValues, metrics: MetricsRegistry, group: (any EventLoopGroup)? = nil
    ) throws(Failure) {
        guard let url = settings[OutboundSettings.smtpServer].value else { return nil }
        try self.init(url, settings: settings, metrics: metrics, group: group)
    }

    /// Sends a message to all its recipients. When the server refuses one of them, nobody gets it.
    ///
    /// - parameter timeout: how long it may wait for those before it, and how long it may take then.
    /// - throws: ``Failure``: `smtp_deferred`, `connect_failed`, `tls_failed`, `timeout`, `connection_lost`,
    ///   `overloaded` and `smtp_protocol_error`, which may pass; `smtp_refused`, `smtp_login_refused` and
    ///   `email_invalid`, which do not; `cancelled`, and `stopping` after ``close()``.
    public func send(_ message: EmailMessage, timeout: Duration = .seconds(60)) async throws(Failure) {
        guard let sender = message.sender ?? defaultSender else {
            throw .emailInvalid("does not say who it is from, and outbound.smtp_from is empty; set that")
        }
        let startedAt = NIODeadline.now()
        let (queue, post) = (queue, SMTPPost(message: message, sender: sender))
        let result = await SMTPCall.run(post, startedAt: startedAt, timeout: timeout, on: loop) {
            queue.value.add($0)
        }
        metrics.observe(result, since: startedAt)
        try result.get()
    }

    /// Ends what is being sent, and closes the connection.
    public func close() {
        let queue = queue
        loop.execute { queue.value.close() }
    }
}

/// A message and who it is from.
struct SMTPPost: Sendable {
    let message: EmailMessage
    let sender: EmailAddress
}

/// A message on its way.
typealias SMTPCall = PendingCall<SMTPPost, Void>

/// The messages of one mail server: they are sent one after the other. It lives on its event loop.
final class SMTPQueue {
    /// How many messages may wait.
    static let limit = 1_024
    /// How long a connection is kept that nobody uses. Servers grant five minutes (RFC 5321, section 4.5.3.2).
    static let longestIdle = TimeAmount.seconds(30)

    private let url: SMTPURL
    private let tls: NIOSSLContext
    private let stepTimeout: TimeAmount
    private let loop: any EventLoop
    private let connections: Gauge
    private var waiting: [SMTPCall] = []
    private var current: SMTPCall?
    private var connection: SMTPConnection?
    private var isReady = false
    /// Whether the connection has taken messages before, so that it may have been lost since.
    private var wasUsed = false
    private var idleTimer: Scheduled<Void>?
    private var isClosed = false

    init(
        _ url: SMTPURL, tls: NIOSSLContext, stepTimeout: TimeAmount, on loop: any EventLoop, connections: Gauge
    ) {
        self.url = url
        self.tls = tls
        self.stepTimeout = stepTimeout
        self.loop = loop
        self.connections = connections
    }

    /// A message is to be sent after those that wait.
    func add(_ call: SMTPCall) {
        guard !isClosed else { return call.finish(.failure(.stopping)) }
        guard waiting.count < Self.limit else {
            return call.finish(.failure(.overloaded("Too many messages wait for the mail server")))
        }
        call.activity = "waiting for other messages to be sent"
        call.onGiveUp = { [weak self] in self?.waiting.removeAll { $0.isOver } }
        waiting.append(call)
        sendNext()
    }

    /// Ends everything, for good.
    func close() {
        isClosed = true
        let calls = waiting
        waiting = []
        for call in calls { call.finish(.failure(.stopping)) }
        connection?.close(.stopping, politely: isReady)
    }

    private func sendNext() {
        guard current == nil, !waiting.isEmpty else { return }
        guard connection != nil else { return connect() }
        guard isReady else { return }
        let call = waiting.removeFirst()
        current = call
        isReady = false
        idleTimer?.cancel()
        call.endWaiting()
        call.activity = "speaking with the mail server"
        // Half a dialogue cannot be taken back.
        call.onGiveUp = { [weak self] in self?.connection?.close(.cancelled) }
        connection?.send(call.request.message, from: call.request.sender)
    }

    private func connect() {
        guard !isClosed else { return }
        connections.set(1)
        wasUsed = false
        connection = SMTPConnection(to: url, tls: tls, stepTimeout: stepTimeout, on: loop) { [weak self] in
            self?.handle($0)
        }
    }

    private func handle(_ event: SMTPConnection.Event) {
        switch event {
        case .ready: becomeReady()
        case .answered(let result):
            wasUsed = true
            finish(result)
            becomeReady()
        case .closed(let failure, let isContentSent):
            connection = nil
            isReady = false
            idleTimer?.cancel()
            connections.set(0)
            lost(failure, isContentSent: isContentSent)
        }
    }

    private func becomeReady() {
        isReady = true
        idleTimer?.cancel()
        idleTimer = loop.assumeIsolated().scheduleTask(in: Self.longestIdle) { [weak self] in
            self?.connection?.close(.connectionLost("the mail server", "nobody used it"), politely: true)
        }
        sendNext()
    }

    /// A connection that was kept may have been closed by the server in the meantime; then the message, of which that
    /// has nothing yet, goes over another one. Else whoever waits longest is told, so nobody waits for a dead server.
    private func lost(_ failure: Failure, isContentSent: Bool) {
        if let call = current, wasUsed, !isContentSent, failure.code == "connection_lost", !call.isOver {
            current = nil
            waiting.insert(call, at: 0)
        } else if current != nil {
            finish(.failure(failure))
        } else if !waiting.isEmpty {
            waiting.removeFirst().finish(.failure(failure))
        }
        sendNext()
    }

    private func finish(_ result: Result<Void, Failure>) {
        let call = current
        current = nil
        call?.finish(result)
    }
}
