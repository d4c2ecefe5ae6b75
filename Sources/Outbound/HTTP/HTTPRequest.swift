/// A request to be sent.
public struct HTTPRequest: Sendable {
    /// How much of the answer's body is wanted.
    public enum ResponseLimit: Sendable, Equatable {
        /// The first bytes; the rest does not matter.
        case prefix(Int)
        /// All of it; an answer with more bytes is a failure.
        case whole(Int)
    }

    /// The method.
    public var method: Method
    /// Where it goes.
    public var url: HTTPURL
    /// The fields beside those of the connection.
    public var headers: [HTTPHeader]
    /// The body.
    public var body: [UInt8]
    /// How long everything may take, from the look-up of the name or a free connection to the last byte of the answer.
    /// While all connections of the destination are in use, it may wait as long for one.
    public var timeout: Duration
    /// How much of the answer's body is wanted.
    public var responseLimit: ResponseLimit

    /// A method that the outside world may be sent.
    public enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// A request by its parts.
    public init(
        _ url: HTTPURL, method: Method = .post, headers: [HTTPHeader] = [], body: [UInt8] = [],
        timeout: Duration = .seconds(30), responseLimit: ResponseLimit = .prefix(4_096)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.responseLimit = responseLimit
    }
}
