import HTTPTypes

/// A request whose head has arrived, and what stands at its method and path.
struct RoutedRequest: Sendable {
    let head: HTTPRequest
    let target: RequestTarget
    let match: Router.Match
    /// How many bytes of body it may have.
    let bodyLimit: Int
}

/// The path and the query of a request.
struct RequestTarget: Sendable {
    /// The path, percent-encoded.
    let path: Substring
    /// What stands after the question mark, percent-encoded.
    let query: Substring

    init(_ head: HTTPRequest) {
        let text = head.path ?? "/"
        if let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = text[..<mark]
            query = text[text.index(after: mark)...]
        } else {
            path = text[...]
            query = ""
        }
    }

    /// The path as it is shown to people, cut where it is long.
    var shown: String { String(path.prefix(256)) }
}
