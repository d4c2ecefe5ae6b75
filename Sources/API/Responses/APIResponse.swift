public import ChangeLog
public import Core
public import HTTPTypes

/// What a route answers. Position, request id and trace are added to it when it is sent.
public struct APIResponse: Sendable {
    /// What stands in the body.
    enum Body: Sendable {
        case none
        case bytes([UInt8], contentType: String)
        /// The entries of a list, whose end needs the request: `{"items":[…]` so far.
        case page([UInt8], next: [CursorValue]?, total: Int64?)
        case stream(contentType: String, @Sendable (any APIStreamWriter) async throws -> Void)
    }

    /// The status.
    public var status: HTTPResponse.Status
    /// Further header fields, such as `Location`.
    public var headers: HTTPFields
    /// A position of the log that the response has seen, where it is not the one of the snapshot or of the change.
    public var position: LogPosition?
    /// Whether it is less than could be answered at another time, so that it is kept in no cache.
    private(set) var isDegraded = false
    var body: Body

    init(_ status: HTTPResponse.Status, headers: HTTPFields = [:], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

extension APIResponse {
    /// The same answer, which has seen the log up to a position.
    func at(_ position: LogPosition) -> APIResponse {
        var response = self
        response.position = position
        return response
    }

    /// The same answer, which is less than could be given at another time, if that is so.
    func degraded(_ isDegraded: Bool) -> APIResponse {
        var response = self
        response.isDegraded = isDegraded
        return response
    }

    /// A value, with status 200.
    public static func ok(_ value: some JSONEncodable) -> APIResponse {
        json(JSONWriter.bytes(of: value))
    }

    /// A value that counts its updates, with status 200 and its `ETag`.
    public static func ok(_ value: some JSONEncodable & Versioned) -> APIResponse {
        ok(value, version: value.version)
    }

    /// A value with status 200 and the `ETag` of a version.
    public static func ok(_ value: some JSONEncodable, version: Int64) -> APIResponse {
        json(JSONWriter.bytes(of: value), version: version)
    }

    /// A value that was made, with status 201 and the path that it can be read at.
    public static func created(_ value: some JSONEncodable, at path: String) -> APIResponse {
        json(JSONWriter.bytes(of: value), status: .created, at: path)
    }

    /// A value that was made and that counts its updates, with status 201, its path and its `ETag`.
    public static func created(_ value: some JSONEncodable & Versioned, at path: String) -> APIResponse {
        json(JSONWriter.bytes(of: value), status: .created, version: value.version, at: path)
    }

    /// A value that a unit of work made, with status 201, its path and its `ETag`. Its image in the log is the answer.
    public static func created(
        _ value: some JSONEncodable & Versioned, _ id: Identifier, at path: String, in unit: UnitOfWork
    ) -> APIResponse {
        let image = unit.image(of: id) ?? JSONWriter.bytes(of: value)
        return json(image, status: .created, version: value.version, at: "\(path)/\(id)")
    }

    /// Bytes that are JSON already.
    public static func json(
        _ bytes: [UInt8], status: HTTPResponse.Status = .ok, version: Int64? = nil, at path: String? = nil
    ) -> APIResponse {
        var headers = HTTPFields()
        if let version { headers[.eTag] = EntityTag.text(version) }
        if let path { headers[.location] = path }
        return APIResponse(status, headers: headers, body: .bytes(bytes, contentType: "application/json"))
    }

    /// A part of a list: `items`, `next_cursor`, and `total` when it was asked for.
    public static func page(_ page: Page<some JSONEncodable>) -> APIResponse {
        var json = JSONWriter(capacity: 256 + page.items.count * 512)
        json.array(page.items)
        return APIResponse(.ok, body: .page(json.bytes, next: page.next, total: page.total))
    }

    /// Bytes of another media type.
    public static func bytes(_ bytes: [UInt8], contentType: String) -> APIResponse {
        APIResponse(.ok, body: .bytes(bytes, contentType: contentType))
    }

    /// Success with nothing to tell.
    public static let noContent = APIResponse(.noContent, body: .none)

    /// A body that is written bit by bit for as long as the client listens.
    ///
    /// - parameter write: ends the response when it returns or throws. It is cancelled when the client goes away and
    ///   when the server stops.
    public static func stream(
        contentType: String, _ write: @escaping @Sendable (any APIStreamWriter) async throws -> Void
    ) -> APIResponse {
        APIResponse(.ok, body: .stream(contentType: contentType, write))
    }
}

/// Why a streamed response ends before it is whole. Its client is told by the end of the connection.
struct TornStream: Error {
    /// What has happened.
    let cause: any Error

    /// Runs a closure, whose failures leave the stream torn.
    static func guarding(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            throw TornStream(cause: error)
        }
    }
}

/// Where the body of a streamed response goes.
public protocol APIStreamWriter: Sendable {
    /// Sends bytes, and returns once the connection takes more.
    ///
    /// - throws: when the client has gone.
    func write(_ bytes: [UInt8]) async throws
}

extension APIResponse {
    /// The bytes of the body as they are sent, or nil of a stream. A list's end is written here.
    func content(for request: APIRequest) throws -> (bytes: [UInt8], contentType: String?)? {
        switch body {
        case .none: return ([], nil)
        case .bytes(let bytes, let contentType): return (bytes, contentType)
        case .stream: return nil
        case .page(let items, let next, let total):
            var json = JSONWriter(capacity: items.count + 128)
            try json.object { json in
                json.member("items", raw: items)
                let cursor = try next.map {
                    try Cursor.encode($0, fingerprint: QueryString(request.query).fingerprint(of: request.path))
                }
                json.member("next_cursor", cursor)
                if let total { json.member("total", total) }
            }
            return (json.bytes, "application/json")
        }
    }
}
