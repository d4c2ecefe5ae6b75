import Core
import Memories
import Search

/// How memories are looked for.
enum MemorySearchMode: String, Sendable, CaseIterable {
    /// By the words of `query_text`.
    case words
    /// By nearness to the vector, or to that of `query_text`.
    case vector
    /// By both: the ranks of both become one ranking.
    case hybrid
}

/// What a client looks for among memories or parts of documents.
struct MemorySearchBody: Sendable {
    /// How many are found at most.
    static let limits: ClosedRange<Int64> = 1...100

    let user: Int64
    let category: String?
    let namespace: String?
    let group: String?
    let mode: MemorySearchMode?
    var vector: [Float]?
    /// Where the vector stands in the body.
    private let vectorPointer: String
    let text: String?
    let limit: Int
    let minimumScore: Float
    let created: ClosedRange<Int64>?
    let past: MemoryPast?

    /// Reads a body whose vector stands under a name.
    static func read(_ request: APIRequest, vectorIn name: String, _ kind: MemoryCollections.Kind) throws
        -> MemorySearchBody
    {
        try request.readJSON { reader in
            var members: [JSONObject.Member] = []
            var vector: [Float]?
            try reader.object { member, reader in
                if member == name, try reader.kind() != .null {
                    vector = try reader.vector()
                } else {
                    members.append(.init(member, try reader.value()))
                }
            }
            return try JSONFields.read(.object(JSONObject(members))) { fields in
                fields.ignore(name)
                return try MemorySearchBody(&fields, vector, vectorIn: name, kind)
            }
        }
    }

    private init(
        _ fields: inout JSONFields, _ vector: [Float]?, vectorIn name: String, _ kind: MemoryCollections.Kind
    ) throws {
        self.vector = vector
        vectorPointer = "/" + name
        text = fields.optionalString("query_text", length: 1...10_000)
        mode = fields.optionalChoice("mode", MemorySearchMode.self)
        if vector == nil, text == nil {
            fields.reject(name, "A vector is expected, or words in query_text, or both.")
        } else if text == nil, mode == .words || mode == .hybrid {
            fields.reject("query_text", "Words are expected for this mode.")
        }
        user = fields.integer("user_id", in: Int64.min...Int64.max)
        category = kind == .memory ? fields.optionalString("category", length: 1...255) : nil
        namespace =
            kind == .memory
            ? fields.optionalString("namespace", length: MemoryCollections.namespaceLength) : nil
        group = kind == .document ? fields.optionalString("group_key", length: 1...255) : nil
        limit = Int(fields.optionalInteger("limit", in: Self.limits) ?? 5)
        minimumScore = try fields.score("min_score", default: 0.7)
        created = fields.createdRange()
        past = MemoryPast(&fields, ofUser: user)
    }

    /// The words whose vector has to be made before the search; nil where there are none.
    ///
    /// - parameter isPossible: whether that can be done. Without it, words are found as words where the mode allows
    ///   that.
    /// - throws: ``Failure`` `invalid_request` for a mode that needs a vector.
    func textWithoutVector(isPossible: Bool) throws -> String? {
        guard vector == nil, mode != .words, let text else { return nil }
        guard isPossible || mode == nil else {
            throw Failure.invalid(
                at: "/mode",
                "This mode needs a vector. Send one, or set embedding.url, by which words are turned into vectors.")
        }
        return isPossible ? text : nil
    }

    /// Which points may be found.
    func filter(_ kind: MemoryCollections.Kind) throws -> PayloadFilter {
        var texts: [(String, String)] = []
        if let category { texts.append(("category", category)) }
        if let group { texts.append(("group_key", group)) }
        return try .points(
            ofUser: user, texts: texts, isActive: kind == .memory ? true : nil, created: created)
    }

    /// What is asked of the index.
    func query(_ kind: MemoryCollections.Kind) throws -> PointQuery {
        let filter = try filter(kind)
        var queries: [PointQuery] = []
        if let vector, mode != .words {
            var query = PointQuery(.nearest(.vector(vector)))
            query.scoreThreshold = minimumScore
            query.operand = vectorPointer
            queries.append(query)
        }
        if let text, mode != .vector {
            var query = PointQuery(.words(text, in: kind == .memory ? ["key", "value"] : ["text"]))
            query.operand = "/query_text"
            queries.append(query)
        }
        guard queries.count > 1 else {
            var query = queries.first ?? PointQuery(.all)
            (query.filter, query.limit) = (filter, limit)
            return query
        }
        var query = PointQuery(.fused(.reciprocalRank(constant: RankFusion.standardConstant, weights: nil)))
        query.prefetch = queries.map { inner in
            var inner = inner
            inner.limit = max(50, 2 * limit)
            return inner
        }
        (query.filter, query.limit) = (filter, limit)
        return query
    }
}

extension JSONFields {
    /// A score from 0 to 1.
    mutating func score(_ name: String, default standard: Float) throws -> Float {
        guard let value = value(name), value != .null else { return standard }
        guard case .number(let text) = value, let score = Float(text), (0...1).contains(score) else {
            reject(name, "A number from 0 to 1 is expected.")
            return standard
        }
        return score
    }

    /// Between which moments something was made, in seconds since the epoch: `created_after` and `created_before`.
    mutating func createdRange() -> ClosedRange<Int64>? {
        let bounds = Int64.min...Int64.max
        let first = optionalInteger("created_after", in: bounds)
        let last = optionalInteger("created_before", in: bounds)
        guard first != nil || last != nil else { return nil }
        let (low, high) = (first ?? Int64.min, last ?? Int64.max)
        guard low <= high else {
            reject("created_before", "A moment after created_after is expected.")
            return nil
        }
        return low...high
    }
}
