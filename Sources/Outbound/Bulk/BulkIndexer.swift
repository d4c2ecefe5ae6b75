public import Core

/// Gives documents to Elasticsearch or OpenSearch, many with one request (`POST /_bulk`).
///
/// A document that is given again under its identifier replaces itself, so an attempt may be repeated.
public struct BulkIndexer: Sendable {
    /// A document to be stored.
    public struct Document: Sendable {
        let index: String
        let id: String
        let source: [UInt8]

        /// How long an identifier may be, in bytes.
        public static let idLimit = 512

        /// A document by its parts.
        ///
        /// - parameter source: a JSON object.
        /// - throws: ``Failure`` `document_invalid` for a name or an identifier that the server would not take.
        public init(index: String, id: String, source: [UInt8]) throws(Failure) {
            guard Self.isIndexName(index) else {
                throw .documentInvalid(
                    "has no index of lower case letters, digits and - _ . that begins with a letter or digit")
            }
            guard (1...Self.idLimit).contains(id.utf8.count) else {
                throw .documentInvalid("has no identifier of 1 to \(Self.idLimit) bytes")
            }
            self.index = index
            self.id = id
            self.source = source
        }

        private static func isIndexName(_ name: String) -> Bool {
            guard (1...255).contains(name.utf8.count), let first = name.utf8.first, name != ".", name != ".." else {
                return false
            }
            return !"-_+".utf8.contains(first)
                && name.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                    default: "-_.".utf8.contains(byte)
                    }
                }
        }
    }

    /// How many documents one request has at most, and how many bytes.
    public static let countLimit = 10_000
    public static let byteLimit = 32 << 20
    /// How long the answer may be, in bytes.
    private static let answerLimit = 16 << 20

    private let sender: HTTPSender
    private let url: HTTPURL
    private let headers: [HTTPHeader]

    /// An indexer for one server.
    ///
    /// - parameters:
    ///   - url: the root of the server, `https://search.example:9200/`.
    ///   - headers: further fields, such as `Authorization`.
    public init(_ url: HTTPURL, headers: [HTTPHeader] = [], sender: HTTPSender) throws(Failure) {
        let path = url.target.prefix { $0 != "?" }
        let root = path.last == "/" ? path.dropLast() : path
        self.url = try HTTPURL("\(url.destination)\(root)/_bulk?filter_path=items.*.status,items.*.error")
        self.headers = [HTTPHeader(unchecked: "content-type", "application/x-ndjson")] + headers
        self.sender = sender
    }

    /// Stores documents, and returns what became of each, in their order: of those that failed, a ``Failure``
    /// `document_deferred`, which may pass, or `document_refused`, which does not.
    ///
    /// - throws: ``Failure`` for all of them: `bulk_unavailable`, which may pass, `bulk_refused`, `bulk_too_large` when
    ///   there must be fewer, `bulk_answer_invalid`, and those of ``HTTPSender/send(_:)``.
    public func index(
        _ documents: [Document], timeout: Duration = .seconds(30)
    ) async throws(Failure) -> [Result<Void, Failure>] {
        guard !documents.isEmpty else { return [] }
        guard documents.count <= Self.countLimit else { throw .bulkTooLarge("\(documents.count) documents") }
        let body = Self.encode(documents)
        guard body.count <= Self.byteLimit else { throw .bulkTooLarge("\(body.count) bytes") }
        let answer = try await sender.send(
            HTTPRequest(
                url, headers: headers, body: body, timeout: timeout, responseLimit: .whole(Self.answerLimit)))
        switch answer.status {
        case 200: return try BulkAnswer.read(answer.body, count: documents.count)
        case 413: throw .bulkTooLarge("\(body.count) bytes")
        case 408, 429, 500...599: throw .bulkUnavailable(answer)
        default: throw .bulkRefused(answer)
        }
    }

    /// The documents as newline-delimited JSON: for each a line that says what to do, and one that is the document.
    static func encode(_ documents: [Document]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(documents.reduce(0) { $0 + $1.source.count + $1.index.count + $1.id.count + 48 })
        for document in documents {
            var action = JSONWriter(capacity: 128)
            action.object { json in
                json.member(
                    "index",
                    object: { json in
                        json.member("_index", document.index)
                        json.member("_id", document.id)
                    })
            }
            body += action.bytes
            body.append(UInt8(ascii: "\n"))
            // Between the parts of JSON a line break is as good as a blank, and within texts there is none.
            for byte in document.source { body.append(byte == 10 || byte == 13 ? UInt8(ascii: " ") : byte) }
            body.append(UInt8(ascii: "\n"))
        }
        return body
    }
}
