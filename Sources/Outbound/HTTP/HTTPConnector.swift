import Core
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS

/// Makes connections to addresses that the guard has allowed. Each is checked and then connected to as a number, so no
/// second look-up can lead elsewhere; TLS and `Host` keep the name.
struct HTTPConnector: Sendable {
    let networkGuard: NetworkGuard
    let tls: NIOSSLContext
    let timeout: TimeAmount
    let time: any TimeSource
    /// How many addresses of one host are tried.
    private static let attemptLimit = 4

    /// A connection to a destination, ready for requests.
    ///
    /// - throws: ``Failure`` `address_refused`, `name_unresolved`, `connect_failed`, `tls_failed` or `timeout`.
    func connect(
        to destination: HTTPURL.Destination, on loop: any EventLoop, deadline: NIODeadline
    ) async throws(Failure) -> NIOLoopBound<HTTPClientConnection> {
        let deadline = min(deadline, .now() + timeout)
        let addresses = try await networkGuard.addresses(
            of: destination.host, port: destination.port, deadline: deadline)
        var failure = Failure.connectFailed(destination.description, "it has no address")
        for address in addresses.prefix(Self.attemptLimit) {
            do {
                return try await connect(to: address, destination, loop, deadline).get()
            } catch let error as Failure {
                failure = error
            } catch {
                failure = Self.failure(error, destination)
            }
            guard NIODeadline.now() < deadline else { break }
        }
        throw failure
    }

    private func connect(
        to address: SocketAddress, _ destination: HTTPURL.Destination, _ loop: any EventLoop, _ deadline: NIODeadline
    ) -> EventLoopFuture<NIOLoopBound<HTTPClientConnection>> {
        let secured = destination.scheme == .https ? loop.makePromise(of: Void.self) : nil
        let connected = ClientBootstrap(group: loop)
            .connectTimeout(max(.milliseconds(1), deadline - .now()))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let secured {
                        try pipeline.addHandler(makeTLSHandler(destination.host))
                        try pipeline.addHandler(HandshakeWatch(secured, destination, deadline))
                    }
                    try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                    try pipeline.addHandler(HTTPClientConnection(to: destination, time: time))
                }
            }
            .connect(to: address)
        if let secured { connected.whenFailure { secured.fail($0) } }
        // The first failure says why: when the time is up, the connection is closed and fails by that.
        let ready = secured.map { $0.futureResult.flatMap { connected } } ?? connected
        return ready.flatMapThrowing { channel in
            let handler = try channel.pipeline.syncOperations.handler(type: HTTPClientConnection.self)
            return NIOLoopBound(handler, eventLoop: loop)
        }
    }

    /// The name is what the certificate must be valid for; of a number its address is compared.
    private func makeTLSHandler(_ host: String) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: tls, serverHostname: IPAddress(host) == nil ? host : nil)
    }

    private static func failure(_ error: any Error, _ destination: HTTPURL.Destination) -> Failure {
        if let error = error as? ChannelError, case .connectTimeout = error {
            return .timeout(during: "connecting to \(destination)")
        }
        return .connectFailed(destination.description, "\(error)", cause: error)
    }
}

/// Waits for the end of the handshake of TLS, and takes itself off then.
private final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let ready: EventLoopPromise<Void>
    private let destination: HTTPURL.Destination
    private let deadline: NIODeadline
    private var timer: Scheduled<Void>?

    init(_ ready: EventLoopPromise<Void>, _ destination: HTTPURL.Destination, _ deadline: NIODeadline) {
        self.ready = ready
        self.destination = destination
        self.deadline = deadline
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.ready.fail(Failure.timeout(during: "agreeing on TLS with \(self.destination)"))
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case .handshakeCompleted? = event as? TLSUserEvent else { return }
        guard PeerIdentity.isProven(of: destination.host, context) else {
            return fail(context, "its certificate is for another name", nil)
        }
        ready.succeed()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(context, "\(error)", error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(context, "it was closed", nil)
    }

    private func fail(_ context: ChannelHandlerContext, _ reason: String, _ cause: (any Error)?) {
        ready.fail(Failure.tlsFailed(destination.description, reason, cause: cause))
        context.close(promise: nil)
    }
}
