public import ChangeLog
public import Core
import NIOCore

/// A request as a route sees it: authenticated, its body complete.
public struct APIRequest: Sendable {
    /// Who sends it; ``Credential/anonymous`` on routes that are open.
    public let credential: Credential
    /// On whose behalf a unit of work is done for it.
    public let context: ChangeContext
    /// The version that the thing must have, from `If-Match`.
    public let expectedVersion: Int64?
    /// The header fields.
    public let headers: RequestHeaders
    /// The position that the client has seen, from `Millrace-Position`. The log has it; an index that follows may not
    /// yet.
    public let seenPosition: LogPosition?
    /// The path without its query, percent-encoded.
    let path: Substring
    let query: Substring
    let parameters: PathParameters
    let body: ByteBuffer

    init(
        credential: Credential, context: ChangeContext, headers: RequestHeaders,
        seenPosition: LogPosition?, path: Substring, query: Substring,
        parameters: PathParameters, body: ByteBuffer
    ) throws {
        self.credential = credential
        self.context = context
        self.headers = headers
        self.seenPosition = seenPosition
        self.path = path
        self.query = query
        self.parameters = parameters
        self.body = body
        expectedVersion = try EntityTag.expectedVersion(headers)
    }

    /// Whose data it is about.
    public var tenant: Tenant { context.tenant }

    /// Whether a repetition is answered from memory: all that it does is then done in the unit of work that remembers
    /// the answer. Only `POST` takes an `Idempotency-Key`.
    var isToBeDoneOnce: Bool { headers[.idempotencyKey] != nil }

    /// The value of a name in the template of the path.
    ///
    /// - throws: ``Failure`` `malformed_path` when its escapes are broken or it is not UTF-8.
    public func parameter(_ name: String) throws -> String {
        guard let encoded = parameters.encoded(name) else {
            throw Failure.internal("The route has no parameter \(name) in its path.")
        }
        guard let text = PercentEncoding.decode(encoded) else {
            throw Failure(
                .malformed, code: "malformed_path", "The path has a broken percent escape or is not UTF-8.")
        }
        return text
    }

    /// The identifier at a name in the template of the path.
    ///
    /// - throws: ``Failure`` `not_found` when the path has no UUID there, since nothing can have such an identifier.
    public func identifier(_ name: String) throws -> Identifier {
        let text = try parameter(name)
        guard let identifier = Identifier(text) else {
            throw Failure(
                .notFound, code: "not_found", "Nothing has the identifier \(text.prefix(64)): a UUID is expected.")
        }
        return identifier
    }

    /// Reads the query.
    ///
    /// - throws: ``Failure`` `invalid_query` with each wrong or unknown parameter, `malformed_query`, `invalid_cursor`.
    public func readQuery<T>(_ body: (inout QueryReader) throws -> T) throws -> T {
        try QueryReader.read(QueryString(query), path: path, body)
    }

    /// The version that the thing must have.
    ///
    /// - throws: ``Failure`` `precondition_required` when the request has no `If-Match`.
    public func requireVersion() throws -> Int64 {
        guard let expectedVersion else {
            throw Failure(
                .preconditionRequired, code: "precondition_required",
                "Send the ETag of the version that you have read in If-Match, so that nobody's update is lost.")
        }
        return expectedVersion
    }
}

extension APIRequest {
    /// Whether there is a body.
    public var hasBody: Bool { body.readableBytes > 0 }

    /// The body as JSON.
    ///
    /// - throws: ``Failure`` `body_required` when there is none, `malformed_json` with line and column.
    public func json() throws -> JSONValue {
        guard hasBody else {
            throw Failure(.malformed, code: "body_required", "A JSON body is expected, with its Content-Type.")
        }
        return try body.withUnsafeReadableBytes { try JSONParser.parse($0.bindMemory(to: UInt8.self)) }
    }

    /// Reads the body step by step.
    ///
    /// - throws: ``Failure`` `body_required`, `malformed_json`, and what the closure throws.
    public func readJSON<T>(_ read: (inout JSONReader) throws -> T) throws -> T {
        guard hasBody else {
            throw Failure(.malformed, code: "body_required", "A JSON body is expected, with its Content-Type.")
        }
        return try body.withUnsafeReadableBytes { try JSONReader.read($0.bindMemory(to: UInt8.self), read) }
    }

    /// Reads the members of the body.
    ///
    /// - throws: ``Failure`` `invalid_request` with each wrong or unknown member; what ``json()`` throws.
    public func readBody<T>(_ read: (inout JSONFields) throws -> T) throws -> T {
        try JSONFields.read(json(), read)
    }

    /// Reads the members of the body, where no body says the same as an empty object.
    public func readOptionalBody<T>(_ read: (inout JSONFields) throws -> T) throws -> T {
        try JSONFields.read(hasBody ? json() : .object(JSONObject()), read)
    }
}
