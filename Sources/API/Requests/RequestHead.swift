import HTTPTypes
import NIOHTTP1

/// What a request asks for, and its header fields.
struct RequestHead: Sendable {
    let method: HTTPRequest.Method
    let target: RequestTarget
    let headers: RequestHeaders

    init(_ head: HTTPRequestHead) {
        method = Self.method(head.method)
        target = RequestTarget(head.uri)
        headers = RequestHeaders(head.headers)
    }

    private static func method(_ method: HTTPMethod) -> HTTPRequest.Method {
        switch method {
        case .GET: .get
        case .POST: .post
        case .PUT: .put
        case .PATCH: .patch
        case .DELETE: .delete
        case .HEAD: .head
        // The parser lets through only methods that it knows, whose names are all valid.
        default: HTTPRequest.Method(rawValue: method.rawValue) ?? .trace
        }
    }
}

/// The path and the query of a request.
struct RequestTarget: Sendable {
    /// The path, percent-encoded.
    let path: Substring
    /// What stands after the question mark, percent-encoded.
    let query: Substring

    /// - parameter text: the target as it was sent. The absolute form, which a proxy may send, names the path too
    ///   (RFC 9112, section 3.2).
    init(_ text: String) {
        let relative = text.utf8.first == UInt8(ascii: "/") ? text[...] : Self.withoutAuthority(text)
        if let mark = relative.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = relative[..<mark]
            query = relative[relative.utf8.index(after: mark)...]
        } else {
            path = relative
            query = ""
        }
    }

    /// The path as it is shown to people, cut where it is long.
    var shown: String { String(path.prefix(256)) }

    private static func withoutAuthority(_ text: String) -> Substring {
        guard let start = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) else {
            return text[...]
        }
        let rest = text.utf8.dropFirst(start.utf8.count)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        guard let end else { return "/" }
        return text.utf8[end] == UInt8(ascii: "/") ? text[end...] : "/" + text[end...]
    }
}
