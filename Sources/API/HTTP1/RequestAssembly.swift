import Core
import HTTPTypes
import NIOCore

/// Puts the parts of a request together and decides what becomes of it.
///
/// It performs nothing itself; each method returns what its connection has to do.
struct RequestAssembly {
    /// What to do after a part of a request.
    enum Action {
        /// Wait for more.
        case wait
        /// Answer the request, which has arrived whole.
        case answer(RoutedRequest, ByteBuffer)
        /// Refuse the request, of which the rest may still arrive.
        case refuse(RoutedRequest, Failure)
        /// Close the connection: what was refused has arrived to its end.
        case close
    }

    private enum State {
        case idle
        case receiving(RoutedRequest, ByteBuffer, limit: Int)
        case answering
        /// The request was refused; the rest of it is thrown away, so that the client can read why.
        case discarding
    }

    private var state = State.idle

    /// Whether a request has begun and has not arrived whole.
    var isReceiving: Bool {
        switch state {
        case .receiving, .discarding: true
        case .idle, .answering: false
        }
    }

    /// Whether no request is under way.
    var isIdle: Bool {
        if case .idle = state { true } else { false }
    }

    /// The head of a request has arrived.
    ///
    /// - parameter limit: how many bytes of body it may have.
    mutating func begin(_ request: RoutedRequest, limit: Int) -> Action {
        if let length = request.head.headerFields[.contentLength].flatMap({ Int($0) }), length > limit {
            state = .discarding
            return .refuse(request, Self.tooLarge(limit))
        }
        state = .receiving(request, ByteBuffer(), limit: limit)
        return .wait
    }

    /// A part of the body has arrived.
    mutating func append(_ part: ByteBuffer) -> Action {
        guard case .receiving(let request, var body, let limit) = state else { return .wait }
        guard body.readableBytes + part.readableBytes <= limit else {
            state = .discarding
            return .refuse(request, Self.tooLarge(limit))
        }
        if body.readableBytes == 0 {
            body = part
        } else {
            state = .idle
            body.writeImmutableBuffer(part)
        }
        state = .receiving(request, body, limit: limit)
        return .wait
    }

    /// The end of a request has arrived.
    mutating func end() -> Action {
        switch state {
        case .receiving(let request, let body, _):
            state = .answering
            return .answer(request, body)
        case .discarding: return .close
        case .idle, .answering: return .wait
        }
    }

    /// The request takes too long to arrive.
    mutating func expire() -> Action {
        guard case .receiving(let request, _, _) = state else { return .close }
        state = .discarding
        return .refuse(
            request,
            Failure(
                .timeout, code: "request_timeout",
                "The request did not arrive whole within api.request_timeout. Send it faster, or in parts."))
    }

    /// The answer is on its way.
    mutating func answered() {
        if case .answering = state { state = .idle }
    }

    private static func tooLarge(_ limit: Int) -> Failure {
        Failure(
            .tooLarge, code: "body_too_large", "The body may have at most \(limit) bytes. Send it in parts.",
            details: [.init("limit", .integer(limit))])
    }
}
