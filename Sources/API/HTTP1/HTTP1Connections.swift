import Core
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Telemetry

/// Sets up each connection for HTTP/1.1, with compression before the codec, and waits for its end.
struct HTTP1Connections: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
    }

    let answerer: RequestAnswerer
    let timeouts: ConnectionHandler.Timeouts
    let headerLimit: Int
    let connections: Gauge

    /// Bodies below this many bytes are sent as they are: compressing them costs more than it saves.
    static let compressionThreshold = 1_024

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = headerLimit
            limits.maxHeaderListSize = headerLimit
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: true, withErrorHandling: true, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
            try pipeline.addHandler(
                HTTPResponseCompressor { head, isSupported in
                    isSupported && Self.isWorthCompressing(head.headers) ? .compressIfPossible : .doNotCompress
                })
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(ConnectionHandler(answerer, timeouts, connections: connections))
            return Value(channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            // However a connection ends, it has ended.
            try? await value.channel.closeFuture.get()
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }

    private static func isWorthCompressing(_ headers: HTTPHeaders) -> Bool {
        guard let length = headers.first(name: "Content-Length").flatMap({ Int($0) }) else { return false }
        return length >= compressionThreshold
    }
}
