import Core
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// A message on its way to NATS.
struct NATSMessage: Sendable {
    let subject: String
    let headers: [HTTPHeader]
    let payload: [UInt8]
}

/// One whose acknowledgement is waited for.
typealias NATSCall = PendingCall<NATSMessage, NATSAcknowledgement>

/// One connection to a NATS server: messages go out together, acknowledgements come back in any order. It lives on its
/// event loop.
final class NATSConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long it may take to be made.
    static let patience = TimeAmount.seconds(5)
    /// How often the server is asked whether it is there, and how many answers may be missing.
    static let pingInterval = TimeAmount.seconds(5)
    static let missingLimit = 2
    /// How many messages may be without an acknowledgement, and how many bytes may wait to be sent.
    static let callLimit = 16_384
    static let byteLimit = 64 << 20

    private enum State {
        case greeting, securing, loggingIn, ready
        case closed
    }

    private let url: NATSURL
    private let tls: NIOSSLContext
    private let loop: any EventLoop
    private let onReady: () -> Void
    private let onClose: (Failure) -> Void
    private let inbox: String
    private var state = State.greeting
    private var information: NATSServerInformation?
    private var context: ChannelHandlerContext?
    private var parser = NATSParser()
    private var incoming = ByteBuffer()
    private var outgoing = ByteBuffer()
    private var flushIsDue = false
    private var calls: [Int: NATSCall] = [:]
    private var nextNumber = 0
    private var missingPongs = 0
    private var timer: Scheduled<Void>?

    /// Begins to connect.
    init(
        to url: NATSURL, tls: NIOSSLContext, on loop: any EventLoop, onReady: @escaping () -> Void,
        onClose: @escaping (Failure) -> Void
    ) {
        self.url = url
        self.tls = tls
        self.loop = loop
        self.onReady = onReady
        self.onClose = onClose
        inbox = "_INBOX.\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        arm(Self.patience) { $0.close(.timeout(during: "connecting to \($0.server)")) }
        let handler = NIOLoopBound(self, eventLoop: loop)
        ClientBootstrap(group: loop)
            .connectTimeout(Self.patience)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .connect(host: url.host, port: url.port)
            .assumeIsolated()
            .whenFailure { self.close(.connectFailed(self.server, "\($0)", cause: $0)) }
    }

    /// Sends a message. The connection must be ready.
    func publish(_ call: NATSCall) {
        let message = call.request
        guard calls.count < Self.callLimit, outgoing.readableBytes < Self.byteLimit else {
            return call.finish(.failure(.overloaded("Too many messages wait for NATS")))
        }
        guard let limit = information?.payloadLimit, message.payload.count <= limit else {
            return call.finish(.failure(.natsRefused(message.subject, "it is longer than the server allows")))
        }
        nextNumber += 1
        let number = nextNumber
        calls[number] = call
        call.activity = "waiting for the acknowledgement of \(server)"
        call.onGiveUp = { [weak self] in self?.calls[number] = nil }
        let lines = message.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let header = "NATS/1.0\r\n\(lines)\r\n"
        let total = header.utf8.count + message.payload.count
        outgoing.writeString("HPUB \(message.subject) \(inbox).\(number) \(header.utf8.count) \(total)\r\n\(header)")
        outgoing.writeBytes(message.payload)
        outgoing.writeString("\r\n")
        flushSoon()
    }

    /// Closes it. Everybody who waits is told why.
    func close(_ failure: Failure) {
        if case .closed = state { return }
        state = .closed
        timer?.cancel()
        context?.close(promise: nil)
        context = nil
        outgoing.clear()
        let waiting = calls.values
        calls = [:]
        for call in waiting { call.finish(.failure(failure)) }
        onClose(failure)
    }

    // MARK: The channel

    func channelActive(context: ChannelHandlerContext) {
        if case .closed = state { return context.close(promise: nil) }
        self.context = context
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(.ended(server, isSecuring: isSecuring))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.ended(server, isSecuring: isSecuring, by: error))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        incoming.writeBuffer(&part)
        incoming.discardReadBytes()
        do {
            while context.channel.isActive, let operation = try parser.next(&incoming) { try take(operation) }
        } catch {
            close(error as? Failure ?? .natsProtocol("\(error)"))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard isSecuring, case .handshakeCompleted? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard PeerIdentity.isProven(of: url.host, context) else {
            return close(.tlsFailed(server, "its certificate is for another name"))
        }
        logIn()
    }

    private var isSecuring: Bool { if case .securing = state { true } else { false } }
    private var server: String { "\(url.host):\(url.port)" }

    // MARK: The protocol

    private func take(_ operation: NATSOperation) throws {
        switch operation {
        case .info(let json):
            let information = try NATSServerInformation(json)
            self.information = information
            if case .greeting = state { try greet(information) }
        case .ping:
            outgoing.writeString("PONG\r\n")
            flushSoon()
        case .pong:
            missingPongs = 0
            if case .loggingIn = state { becomeReady() }
        case .ok: break
        case .error(let text): fail(text)
        case .message(let subject, let header, let payload):
            guard let number = subject.split(separator: ".").last.flatMap({ Int($0) }),
                let call = calls.removeValue(forKey: number)
            else { return }
            do throws(Failure) {
                call.finish(
                    .success(try NATSAcknowledgement(header: header, payload: payload, subject: call.request.subject)))
            } catch {
                call.finish(.failure(error))
            }
        }
    }

    private func greet(_ information: NATSServerInformation) throws {
        guard information.knowsHeaders else { throw Failure.natsProtocol("it knows no headers") }
        guard information.requiresTLS || url.requiresTLS else { return logIn() }
        guard information.offersTLS, let channel = context?.channel else {
            throw Failure.tlsFailed(server, "it does not offer TLS, and outbound.nats_url insists on it")
        }
        guard incoming.readableBytes == 0 else {
            throw Failure.tlsFailed(server, "it said something between INFO and the handshake")
        }
        state = .securing
        let handler = try NIOSSLClientHandler(
            context: tls, serverHostname: IPAddress(url.host) == nil ? url.host : nil)
        try channel.pipeline.syncOperations.addHandler(handler, position: .first)
    }

    private func logIn() {
        let isEncrypted = isSecuring
        state = .loggingIn
        var json = JSONWriter()
        json.object { json in
            json.member("verbose", false)
            json.member("pedantic", false)
            json.member("headers", true)
            json.member("no_responders", true)
            json.member("tls_required", isEncrypted)
            json.member("name", "millrace")
            json.member("lang", "swift")
            json.member("version", "1")
            json.member("protocol", 1)
            switch url.login {
            case .password(let user, let password):
                json.member("user", user)
                json.member("pass", password)
            case .token(let token): json.member("auth_token", token)
            case nil: break
            }
        }
        outgoing.writeString("CONNECT ")
        outgoing.writeBytes(json.bytes)
        outgoing.writeString("\r\nSUB \(inbox).* 1\r\nPING\r\n")
        flushSoon()
    }

    private func becomeReady() {
        state = .ready
        armPing()
        onReady()
    }

    /// A message that may not be published is not answered, but its subject is named.
    private func fail(_ text: String) {
        let words = text.lowercased()
        if words.hasPrefix("permissions violation") {
            for (number, call) in calls where text.contains("\"\(call.request.subject)\"") {
                calls[number] = nil
                call.finish(.failure(.natsRefused(call.request.subject, text)))
            }
        } else if words.hasPrefix("authorization") || words.hasPrefix("authentication") || words.hasPrefix("user auth")
        {
            close(.natsLoginRefused(server, text))
        } else {
            close(.connectionLost(server, text))
        }
    }

    /// All messages of one turn of the event loop go out in one write.
    private func flushSoon() {
        guard !flushIsDue else { return }
        flushIsDue = true
        loop.assumeIsolated().execute {
            self.flushIsDue = false
            guard let context = self.context, self.outgoing.readableBytes > 0 else { return }
            context.writeAndFlush(self.wrapOutboundOut(self.outgoing), promise: nil)
            self.outgoing = ByteBuffer()
        }
    }

    // MARK: Time

    private func armPing() {
        arm(Self.pingInterval) { connection in
            guard connection.missingPongs < Self.missingLimit else {
                return connection.close(.connectionLost(connection.server, "it answers no PING"))
            }
            connection.missingPongs += 1
            connection.outgoing.writeString("PING\r\n")
            connection.flushSoon()
            connection.armPing()
        }
    }

    private func arm(_ pause: TimeAmount, _ body: @escaping (NATSConnection) -> Void) {
        timer?.cancel()
        timer = loop.assumeIsolated().scheduleTask(in: pause) { [weak self] in
            if let self { body(self) }
        }
    }
}
