import Core
import NIOCore
import NIOHTTP1

/// One connection to one destination, with one exchange at a time. It lives on its event loop.
final class HTTPClientConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// What becomes of a connection after an exchange.
    enum Event {
        /// It can be used again.
        case free
        /// It was in use, and is no more.
        case lost
        /// It was not in use, and is no more.
        case lostIdle
    }

    let openedAt = NIODeadline.now()
    private let destination: HTTPURL.Destination
    private let time: any TimeSource
    /// Whoever keeps it, once it is made.
    var onEvent: ((HTTPClientConnection, Event) -> Void)?
    private var context: ChannelHandlerContext?
    private var exchange: HTTPExchange?
    private var reader = HTTPAnswerReader(.prefix(0))
    private var isClosed = false

    init(to destination: HTTPURL.Destination, time: any TimeSource) {
        self.destination = destination
        self.time = time
    }

    /// Sends the request of an exchange.
    func start(_ exchange: HTTPExchange) {
        guard let context, !isClosed else {
            exchange.finish(
                .failure(.connectionLost(destination.description, "it was closed before the request was sent")))
            onEvent?(self, .lost)
            return
        }
        self.exchange = exchange
        reader = HTTPAnswerReader(exchange.request.responseLimit)
        exchange.activity = "waiting for the answer of \(destination)"
        exchange.onGiveUp = { [weak self] in self?.abandon() }
        let request = exchange.request
        var headers = HTTPHeaders()
        headers.reserveCapacity(request.headers.count + 3)
        headers.add(name: "host", value: destination.authority)
        headers.add(name: "content-length", value: String(request.body.count))
        headers.add(name: "user-agent", value: "millrace")
        for header in request.headers { headers.replaceOrAdd(name: header.name, value: header.value) }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue), uri: request.url.target,
            headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !request.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Closes it, and tells whoever waits for an answer why.
    func close(_ failure: Failure) { end(.failure(failure)) }

    /// Closes it.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        context?.close(promise: nil)
        context = nil
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let exchange else { return end(.failure(lost("it sent what nobody asked for"))) }
        switch reader.take(unwrapInboundIn(data)) {
        case .readOn: break
        case .tooLarge(let limit):
            end(.failure(.responseTooLarge(destination.description, limit: limit)))
        case .done(let stays):
            let duration = Duration.nanoseconds((NIODeadline.now() - exchange.startedAt).nanoseconds)
            guard let answer = reader.answer(after: duration, now: time.now()) else {
                return end(.failure(lost("its answer has no status")))
            }
            guard stays else { return end(.success(answer)) }
            self.exchange = nil
            exchange.finish(.success(answer))
            onEvent?(self, .free)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failure(lost("it was closed")))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError, error == .headerOverflow {
            return end(.failure(.responseTooLarge(destination.description, limit: 80 * 1_024)))
        }
        end(.failure(lost("\(error)", cause: error)))
    }

    /// Nobody waits for the answer any more, so the connection cannot be used for another one.
    private func abandon() {
        exchange = nil
        guard !isClosed else { return }
        close()
        onEvent?(self, .lost)
    }

    private func end(_ result: Result<HTTPAnswer, Failure>) {
        guard !isClosed else { return }
        close()
        let ended = exchange
        exchange = nil
        ended?.finish(result)
        onEvent?(self, ended == nil ? .lostIdle : .lost)
    }

    private func lost(_ reason: String, cause: (any Error)? = nil) -> Failure {
        .connectionLost(destination.description, reason, cause: cause)
    }
}
