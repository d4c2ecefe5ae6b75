import Core
import NIOCore
import NIOPosix
import NIOSSL
import Outbound

/// The server that a load is sent to.
struct LoadTarget: Sendable {
    /// The value of `Host`.
    let authority: String
    /// The path that all paths begin with, without a slash at its end.
    let basePath: String
    private let destination: HTTPURL.Destination
    private let address: SocketAddress
    private let tls: NIOSSLContext?

    /// How long a connection may take.
    static let connectTimeout = TimeAmount.seconds(10)
    /// How much is read from a connection at once.
    private static let readSize = 32 << 10

    /// Finds the address of a server.
    ///
    /// - throws: ``Failure`` `url_invalid`, or `target_unreachable` for a name that nobody knows.
    init(_ server: String) throws {
        let url = try HTTPURL(server)
        destination = url.destination
        authority = url.destination.authority
        basePath = String(url.target.reversed().drop { $0 == "/" }.reversed())
        do {
            address = try SocketAddress.makeAddressResolvingHost(destination.host, port: destination.port)
        } catch {
            throw Failure.targetUnreachable(server, "\(error)")
        }
        tls = destination.scheme == .https ? try NIOSSLContext(configuration: .clientDefault) : nil
    }

    /// Makes a connection.
    func connect(
        on loop: any EventLoop, handler: @escaping @Sendable () -> LoadClientHandler
    ) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop)
            .connectTimeout(Self.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readSize))
            .channelInitializer { [destination, tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        // A certificate names hosts; of a number its address is compared.
                        let isNumber = (try? SocketAddress(ipAddress: destination.host, port: 0)) != nil
                        let name = isNumber ? nil : destination.host
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHandler(handler())
                }
            }
            .connect(to: address)
    }
}
