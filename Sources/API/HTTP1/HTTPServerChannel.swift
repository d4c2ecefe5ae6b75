import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import Synchronization
import Telemetry

/// Sets up each connection that is accepted.
struct HTTPServerChannel: ServerChildChannel {
    /// A connection as the server that accepts it keeps it.
    struct Connection: ServerChildChannelValue {
        let channel: any Channel
    }

    /// What holds for every connection.
    struct Limits: Sendable {
        let connections: Int
        let headerBytes: Int
        let continueBytes: Int
        let times: HTTPConnectionState.Limits
    }

    private let answerer: RequestAnswerer
    private let limits: Limits
    private let budget: BodyBudget
    private let connections: ConnectionCount

    init(_ answerer: RequestAnswerer, limits: Limits, budget: BodyBudget, _ metrics: MetricsRegistry) {
        self.answerer = answerer
        self.limits = limits
        self.budget = budget
        connections = ConnectionCount(metrics)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
        let count = connections.opened()
        channel.closeFuture.whenComplete { [connections] _ in connections.closed() }
        return channel.eventLoop.makeCompletedFuture {
            if count > limits.connections {
                refuse(channel)
            } else {
                try build(channel)
            }
            return Connection(channel: channel)
        }
    }

    /// Waits until the connection is closed, and closes it when the server is told to stop at once.
    func handle(value: Connection, logger: Logger) async {
        await withTaskCancellationHandler {
            // A connection that ends by an error has ended.
            try? await value.channel.closeFuture.get()
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }

    private func build(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let connection = HTTPConnection(
            answerer, budget: budget, limits: limits.times, isLocal: Self.isLoopback(channel.remoteAddress))
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = limits.headerBytes
        decoderLimits.maxHeaderListSize = limits.headerBytes
        try pipeline.addHandler(ArrivalHandler(connection))
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: true, withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoderLimits)
        try pipeline.addHandler(ProtocolHandler(continueLimit: limits.continueBytes))
        try pipeline.addHandler(HTTPResponseCompressor(responseCompressionPredicate: Compression.isWorthwhile))
        try pipeline.addHandler(connection)
    }

    /// There are as many connections as there may be: one more is told so and closed.
    private func refuse(_ channel: any Channel) {
        let text = """
            HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n
            """
        channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
    }

    private static func isLoopback(_ address: SocketAddress?) -> Bool {
        switch address {
        case .v4: address?.ipAddress?.hasPrefix("127.") ?? false
        case .v6: address?.ipAddress == "::1" || address?.ipAddress?.hasPrefix("::ffff:127.") ?? false
        case .unixDomainSocket: true
        case nil: false
        }
    }
}

/// Which answers are compressed.
enum Compression {
    /// Answers shorter than this are sent as they are: little would be gained.
    static let smallest = 1_024

    /// Whether an answer is text that is long enough and complete. Says in `Vary` that the request decides.
    static func isWorthwhile(_ head: inout HTTPResponseHead, isSupported: Bool)
        -> HTTPResponseCompressor.CompressionIntent
    {
        // A file is sent part by part, with a length that says when it is whole: compressed it would be another.
        guard let length = head.headers.first(name: "content-length").flatMap(Int.init), length >= smallest,
            head.headers.first(name: "content-type") != "application/octet-stream"
        else { return .doNotCompress }
        head.headers.add(name: "vary", value: "Accept-Encoding")
        return .compressIfPossible
    }
}

/// How many connections are open.
private final class ConnectionCount: Sendable {
    private let count = Atomic<Int>(0)

    init(_ metrics: MetricsRegistry) {
        let gauge = metrics.gauge("http_connections", "Connections that are open.").with()
        metrics.onCollect { [weak self] in
            if let self { gauge.set(Double(count.load(ordering: .relaxed))) }
        }
    }

    /// One more, which makes so many.
    func opened() -> Int { count.add(1, ordering: .relaxed).newValue }

    func closed() { count.subtract(1, ordering: .relaxed) }
}
