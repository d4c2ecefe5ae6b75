import Core
import NIOCore
import NIOHTTP1

/// Puts an answer together from its parts, and no more of it than is wanted.
struct HTTPAnswerReader {
    /// What comes of a part.
    enum Step: Equatable {
        /// More has to come.
        case readOn
        /// All that is wanted is there.
        case done(connectionStays: Bool)
        /// The body is longer than allowed.
        case tooLarge(limit: Int)
    }

    /// How many bytes after those that are wanted are read, to keep the connection.
    static let drainLimit = 65_536

    private let limit: HTTPRequest.ResponseLimit
    private(set) var head: HTTPResponseHead?
    private var body: [UInt8] = []
    private var count = 0

    init(_ limit: HTTPRequest.ResponseLimit) {
        self.limit = limit
    }

    /// Takes the next part.
    mutating func take(_ part: HTTPClientResponsePart) -> Step {
        switch part {
        case .head(let head):
            // What comes before the answer itself says nothing that matters here.
            if head.status.code >= 200 { self.head = head }
            return .readOn
        case .body(let bytes):
            count += bytes.readableBytes
            switch limit {
            case .prefix(let wanted):
                body.append(contentsOf: bytes.readableBytesView.prefix(max(0, wanted - body.count)))
                return count > wanted + Self.drainLimit ? .done(connectionStays: false) : .readOn
            case .whole(let allowed):
                guard count <= allowed else { return .tooLarge(limit: allowed) }
                body.append(contentsOf: bytes.readableBytesView)
                return .readOn
            }
        case .end: return head.map { .done(connectionStays: $0.isKeepAlive) } ?? .readOn
        }
    }

    /// The answer as far as it was read; nil before its head.
    func answer(after duration: Duration, now: Timestamp) -> HTTPAnswer? {
        head.map { head in
            HTTPAnswer(
                status: Int(head.status.code),
                retryAfter: head.headers.first(name: "retry-after").flatMap { RetryAfter.read($0, now: now) },
                body: body, isTruncated: count > body.count, duration: duration)
        }
    }
}
