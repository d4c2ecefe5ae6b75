import Core
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// One connection to a mail server, with one message at a time. It lives on its event loop.
final class SMTPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What becomes of a connection.
    enum Event {
        /// It can be given a message.
        case ready
        /// The server has taken its message, or not; it can be given the next one.
        case answered(Result<Void, Failure>)
        /// It is no more.
        case closed(Failure, isContentSent: Bool)
    }

    private let url: SMTPURL
    private let tls: NIOSSLContext
    private let stepTimeout: TimeAmount
    private let onEvent: (Event) -> Void
    private var dialogue: SMTPDialogue?
    private var parser = SMTPReplyParser()
    private var incoming = ByteBuffer()
    private var content: [UInt8] = []
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var step = "connecting"
    private var isSecuring = false
    private var isClosed = false

    /// Begins to connect.
    init(
        to url: SMTPURL, tls: NIOSSLContext, stepTimeout: TimeAmount, on loop: any EventLoop,
        onEvent: @escaping (Event) -> Void
    ) {
        self.url = url
        self.tls = tls
        self.stepTimeout = stepTimeout
        self.onEvent = onEvent
        let handler = NIOLoopBound(self, eventLoop: loop)
        isSecuring = url.encryption == .tls
        ClientBootstrap(group: loop)
            .connectTimeout(stepTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                    if handler.value.isSecuring { try handler.value.addTLS(channel) }
                }
            }
            .connect(host: url.host, port: url.port)
            .assumeIsolated()
            .whenFailure { self.close(.connectFailed(self.server, "\($0)", cause: $0)) }
    }

    /// Sends a message. The connection must be ready.
    func send(_ message: EmailMessage, from sender: EmailAddress) {
        content = EmailEncoding.bytes(of: message, from: sender)
        let envelope = SMTPDialogue.Envelope(
            sender: sender.address, recipients: message.envelopeRecipients, size: content.count)
        if let action = dialogue?.send(envelope) { perform(action) }
    }

    /// Closes it, with a word to the server when that is waiting for one.
    func close(_ failure: Failure, politely: Bool = false) {
        guard !isClosed else { return }
        isClosed = true
        timer?.cancel()
        if politely { write("QUIT\r\n") }
        context?.close(promise: nil)
        context = nil
        onEvent(.closed(failure, isContentSent: dialogue?.isContentSent ?? false))
    }

    // MARK: The channel

    func channelActive(context: ChannelHandlerContext) {
        guard !isClosed else { return context.close(promise: nil) }
        self.context = context
        dialogue = SMTPDialogue(with: url, as: Self.name(context.localAddress))
        wait("waiting for the greeting of \(server)")
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        incoming.writeBuffer(&part)
        incoming.discardReadBytes()
        do {
            while !isClosed, let reply = try parser.next(&incoming) {
                timer?.cancel()
                if let action = dialogue?.received(reply) { perform(action) }
            }
        } catch {
            close(error)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard isSecuring, case .handshakeCompleted? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard PeerIdentity.isProven(of: url.host, context) else {
            return close(.tlsFailed(server, "its certificate is for another name"))
        }
        isSecuring = false
        guard url.encryption == .starttls, let action = dialogue?.encrypted() else { return }
        perform(action)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(.ended(server, isSecuring: isSecuring))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.ended(server, isSecuring: isSecuring, by: error))
    }

    // MARK: What the dialogue wants

    private func perform(_ action: SMTPDialogue.Action) {
        switch action {
        case .command(let line):
            write(line + "\r\n")
            wait("waiting for the answer of \(server) to \(line.prefix { $0 != " " && $0 != ":" })")
        case .content:
            write(Self.stuffed(content))
            wait("waiting for \(server) to take the message")
        case .encrypt:
            // What came before the handshake may have been put there by somebody else.
            guard incoming.readableBytes == 0, let channel = context?.channel else {
                return close(.tlsFailed(server, "it said something after its consent to STARTTLS"))
            }
            isSecuring = true
            wait("agreeing on TLS with \(server)")
            do { try addTLS(channel) } catch { close(.tlsFailed(server, "\(error)", cause: error)) }
        case .ready: settle(.ready)
        case .accepted: settle(.answered(.success(())))
        case .refused(let failure): settle(.answered(.failure(failure)))
        case .close(let failure): close(failure)
        }
    }

    private func settle(_ event: Event) {
        timer?.cancel()
        content = []
        onEvent(event)
    }

    private func addTLS(_ channel: any Channel) throws {
        let handler = try NIOSSLClientHandler(
            context: tls, serverHostname: IPAddress(url.host) == nil ? url.host : nil)
        try channel.pipeline.syncOperations.addHandler(handler, position: .first)
    }

    private func write(_ text: String) { write(Array(text.utf8)) }

    private func write(_ bytes: [UInt8]) {
        context?.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private func wait(_ step: String) {
        self.step = step
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: stepTimeout) { [weak self] in
            guard let self else { return }
            close(.timeout(during: self.step))
        }
    }

    private var server: String { "\(url.host):\(url.port)" }

    /// What a client without a name of its own calls itself (RFC 5321, section 4.1.4).
    private static func name(_ address: SocketAddress?) -> String {
        guard let text = address?.ipAddress else { return "localhost" }
        return text.contains(":") ? "[IPv6:\(text)]" : "[\(text)]"
    }

    /// The message with its end: a line that begins with a dot gets another one (RFC 5321, section 4.5.2).
    private static func stuffed(_ content: [UInt8]) -> [UInt8] {
        let dot = UInt8(ascii: ".")
        var result: [UInt8] = []
        result.reserveCapacity(content.count + 64)
        var isStart = true
        for byte in content {
            if isStart, byte == dot { result.append(dot) }
            result.append(byte)
            isStart = byte == UInt8(ascii: "\n")
        }
        return result + Array(".\r\n".utf8)
    }
}
