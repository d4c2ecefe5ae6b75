import Core
import Memories
import Search

/// A query of Qdrant's clients, and what is shown of the points that it finds.
struct QdrantQueryBody: Sendable {
    let query: PointQuery
    let payload: QdrantPayloadSelection
    let vectors: QdrantVectorSelection
    /// Where it stands among others in the body of the request.
    private let pointer: String

    /// How many queries a batch may have.
    static let batchLimit = 1_000

    /// Reads the body of `points/query`.
    static func query(_ reader: inout JSONReader) throws -> QdrantQueryBody {
        try read(&reader, vectorIn: "query") { fields, vector in
            var query = try QdrantQueryReader.query(&fields, vector)
            query.prefetch = try QdrantQueryReader.prefetches(&fields, depth: 1)
            guard query.count <= PointQuery.countLimit else {
                throw Failure.invalid(at: "/prefetch", "A query has \(PointQuery.countLimit - 1) others in it at most.")
            }
            return query
        }
    }

    /// Reads the body of `points/search`.
    static func search(_ reader: inout JSONReader) throws -> QdrantQueryBody {
        try read(&reader, vectorIn: "vector") { fields, vector in
            var (name, pointer) = ("", "/vector")
            var components = vector
            if let object = fields.treeIfObject("vector") {
                guard case .string(let text) = object["name"], let value = object["vector"] else {
                    throw Failure.invalid(at: "/vector", "A name and a vector are expected.")
                }
                name = text
                pointer += "/vector"
                components = try QdrantQueryReader.components(value, at: pointer)
            }
            guard let components else {
                throw Failure.invalid(at: "/vector", "A vector is expected: an array of numbers, or one with its name.")
            }
            var query = PointQuery(.nearest(.vector(components)))
            (query.vectorName, query.operand) = (name, pointer)
            return query
        }
    }

    /// Reads the body of `points/recommend`.
    static func recommend(_ reader: inout JSONReader) throws -> QdrantQueryBody {
        try read(&reader, vectorIn: nil) { fields, _ in
            try QdrantQueryReader.recommend(&fields)
        }
    }

    /// Reads several of them: `{"searches":[…]}`.
    static func list(
        _ reader: inout JSONReader, _ one: (inout JSONReader) throws -> QdrantQueryBody
    ) throws -> [QdrantQueryBody] {
        var bodies: [QdrantQueryBody] = []
        try reader.object { name, reader in
            guard name == "searches" else { throw reader.failure("There is no member of this name here.") }
            try reader.array { reader in
                guard bodies.count < batchLimit else {
                    throw reader.failure("At most \(batchLimit) searches are expected.")
                }
                bodies.append(try one(&reader))
            }
        }
        return bodies
    }

    /// Reads an object whose vector, if it is an array of numbers, does not become a tree.
    private static func read(
        _ reader: inout JSONReader, vectorIn vectorName: String?,
        _ kind: (inout JSONFields, [Float]?) throws -> PointQuery
    ) throws -> QdrantQueryBody {
        let pointer = reader.pointer
        var members: [JSONObject.Member] = []
        var vector: [Float]?
        try reader.object { name, reader in
            if name == vectorName, try reader.isNumbers() {
                vector = try reader.floats(limit: JSONReader.componentLimit)
            } else {
                members.append(.init(name, try reader.value()))
            }
        }
        do {
            return try JSONFields.read(.object(JSONObject(members))) { fields in
                var query = try kind(&fields, vector)
                try QdrantQueryReader.common(&fields, into: &query)
                query.offset = Int(fields.optionalInteger("offset", in: 0...Int64(PointQuery.limitBound)) ?? 0)
                let vectors = try QdrantVectorSelection(fields.value("with_vector"))
                return QdrantQueryBody(
                    query: query,
                    payload: try QdrantPayloadSelection(fields.value("with_payload"), default: false),
                    vectors: vectors, pointer: pointer)
            }
        } catch let failure as Failure {
            throw failure.moved(below: pointer)
        }
    }

    /// Writes the points that are found.
    func write(_ found: CollectionSearch, to json: inout JSONWriter) throws {
        let points: [(hit: PointHit, point: Point)]
        do {
            try vectors.check(found.collection.definition)
            points = try found.run(query, withVectors: vectors.isShown)
        } catch let failure as Failure {
            throw failure.moved(below: pointer)
        }
        try json.array { json in
            for (hit, point) in points {
                try json.object { json in
                    json.member("id", hit.key)
                    json.member("version", point.version)
                    json.member("score", hit.score)
                    try payload.write(point, to: &json)
                    vectors.write(point, found.collection.definition, to: &json)
                    if let value = hit.orderValue { json.member("order_value", value) }
                }
            }
        }
    }
}

/// Reads what is common to queries and to those within them.
enum QdrantQueryReader {
    /// The greatest weight of a ranking, with which its scores are still numbers.
    private static let weightLimit = 1e9

    /// Reads what `query` says; `vector` is what stood there if it was an array of numbers.
    ///
    /// - parameter origin: where the query stands in the body, for the failures of its answer.
    static func query(
        _ fields: inout JSONFields, _ vector: [Float]?, within origin: String = ""
    ) throws -> PointQuery {
        var query = try ranking(&fields, vector)
        query.origin = origin
        query.operand = origin + query.operand
        return query
    }

    private static func ranking(_ fields: inout JSONFields, _ vector: [Float]?) throws -> PointQuery {
        if let vector { return PointQuery(.nearest(.vector(vector))) }
        guard let value = fields.value("query"), value != .null else { return PointQuery(.all) }
        guard case .object(let object) = value else { return PointQuery(.nearest(try example(value, at: "/query"))) }
        guard let form = object.members.first else {
            throw Failure.invalid(at: "/query", "A query is expected.")
        }
        let pointer = "/query/\(form.name)"
        var query = try ranking(form, of: object, at: pointer)
        query.operand = pointer
        return query
    }

    private static func ranking(
        _ form: JSONObject.Member, of object: JSONObject, at pointer: String
    ) throws -> PointQuery {
        switch form.name {
        case "nearest": return try nearest(object, at: pointer)
        case "recommend":
            return try below(pointer) {
                try JSONFields.read(form.value) { try recommend(&$0) }
            }
        case "fusion": return try fusion(form.value, at: pointer)
        case "rrf":
            return try below(pointer) {
                try JSONFields.read(form.value) { fields in
                    let constant = Double(fields.optionalInteger("k", in: 1...1_000_000) ?? 2)
                    let weights = try fields.optionalValues("weights", count: 1...64)
                        .map { try components(.array($0), at: "/weights") }?.map(Double.init)
                    guard weights?.allSatisfy({ $0 <= weightLimit }) ?? true else {
                        throw Failure.invalid(at: "/weights", "A weight may be \(weightLimit) at most.")
                    }
                    return PointQuery(.fused(.reciprocalRank(constant: constant, weights: weights)))
                }
            }
        case "order_by": return PointQuery(.ordered(try order(form.value, at: pointer)))
        case "sample":
            guard form.value == .string("random") else { throw Failure.invalid(at: pointer, "random is expected.") }
            return PointQuery(.random)
        default:
            throw Failure.invalid(
                at: pointer, "nearest, recommend, fusion, rrf, order_by or sample is expected; others are not served.")
        }
    }

    private static func nearest(_ object: JSONObject, at pointer: String) throws -> PointQuery {
        guard let value = object["nearest"], object.members.allSatisfy({ $0.name == "nearest" || $0.value == .null })
        else { throw Failure.invalid(at: "/query", "nearest is expected by itself; mmr is not served.") }
        return PointQuery(.nearest(try example(value, at: pointer)))
    }

    private static func fusion(_ value: JSONValue, at pointer: String) throws -> PointQuery {
        switch value {
        case .string("rrf"): PointQuery(.fused(.reciprocalRank(constant: 2, weights: nil)))
        case .string("dbsf"): PointQuery(.fused(.distribution))
        default: throw Failure.invalid(at: pointer, "rrf or dbsf is expected.")
        }
    }

    /// Reads `positive`, `negative` and `strategy`.
    static func recommend(_ fields: inout JSONFields) throws -> PointQuery {
        func examples(_ name: String) throws -> [PointQuery.Example] {
            try (fields.optionalValues(name, count: 0...1_000) ?? []).enumerated().map {
                try example($1, at: "/\(name)/\($0)")
            }
        }
        let strategy = fields.optionalChoice("strategy", PointQuery.Strategy.self) ?? .averageVector
        var query = PointQuery(
            .recommend(positive: try examples("positive"), negative: try examples("negative"), strategy))
        query.operand = ""
        return query
    }

    static func order(_ value: JSONValue, at pointer: String) throws -> PointQuery.Order {
        if case .string(let path) = value { return PointQuery.Order(path: path) }
        return try below(pointer) {
            try JSONFields.read(value) { fields in
                let path = fields.string("key", length: 1...PayloadPath.lengthLimit)
                let direction = fields.optionalString("direction", length: 1...8) ?? "asc"
                if direction != "asc", direction != "desc" { fields.reject("direction", "asc or desc is expected.") }
                let start = try fields.value("start_from").flatMap { try orderStart($0) }
                return PointQuery.Order(path: path, isDescending: direction == "desc", start: start)
            }
        }
    }

    private static func orderStart(_ value: JSONValue) throws -> PayloadOrderValue? {
        switch value {
        case .null: return nil
        case .number(let text):
            if let number = Int64(text) { return .integer(number) }
            if let number = Double(text) { return .float(number) }
            fallthrough
        case .string(let text):
            if let time = PayloadTime.parse(text) { return .integer(time.microseconds) }
            fallthrough
        default: throw Failure.invalid(at: "/start_from", "A number or a time is expected.")
        }
    }

    /// Reads the queries whose results another one ranks.
    static func prefetches(
        _ fields: inout JSONFields, depth: Int, within origin: String = ""
    ) throws -> [PointQuery] {
        guard let value = fields.value("prefetch"), value != .null else { return [] }
        guard depth <= PointQuery.depthLimit else {
            throw Failure.invalid(
                at: "/prefetch", "Queries stand \(PointQuery.depthLimit) levels deep in each other at most.")
        }
        let values = if case .array(let values) = value { values } else { [value] }
        return try values.enumerated().map { index, value in
            let pointer = "/prefetch/\(index)"
            return try below(pointer) {
                try JSONFields.read(value) { fields in
                    var query = try query(&fields, nil, within: origin + pointer)
                    query.prefetch = try prefetches(&fields, depth: depth + 1, within: origin + pointer)
                    try common(&fields, into: &query)
                    return query
                }
            }
        }
    }

    /// Reads what any query may have.
    static func common(_ fields: inout JSONFields, into query: inout PointQuery) throws {
        for name in ["shard_key", "lookup_from"] {
            if !fields.isMissing(name) { fields.reject(name, "This is not served.") }
            fields.ignore(name)
        }
        if let name = fields.optionalString("using", length: 0...CollectionDefinition.nameLimit) {
            query.vectorName = name
        }
        query.filter = try fields.optionalFilter()
        if let limit = fields.optionalInteger("limit", in: 1...Int64(PointQuery.limitBound)) {
            query.limit = Int(limit)
        }
        if let value = fields.value("score_threshold"), value != .null {
            query.scoreThreshold = try component(value, at: "/score_threshold")
        }
        fields.optionalObject("params") { params in
            query.ef = params.optionalInteger("hnsw_ef", in: 1...10_000).map { Int($0) }
            query.isExact = params.optionalBool("exact") ?? false
            for name in ["quantization", "indexed_only", "acorn", "idf"] { params.ignore(name) }
        }
    }

    private static func example(_ value: JSONValue, at pointer: String) throws -> PointQuery.Example {
        if case .array = value { return .vector(try components(value, at: pointer)) }
        guard let key = PointKey(value, .numberOrUUID) else {
            throw Failure.invalid(
                at: pointer,
                "A vector or the id of a point is expected: an array of numbers, a whole number or a UUID.")
        }
        return .point(key)
    }

    static func components(_ value: JSONValue, at pointer: String) throws -> [Float] {
        guard case .array(let values) = value else {
            throw Failure.invalid(at: pointer, "An array of numbers is expected.")
        }
        return try values.enumerated().map { index, value in
            try component(value, at: "\(pointer)/\(index)")
        }
    }

    private static func component(_ value: JSONValue, at pointer: String) throws -> Float {
        guard case .number(let text) = value, let component = Float(text), component.isFinite else {
            throw Failure.invalid(at: pointer, "A finite number is expected.")
        }
        return component
    }

    private static func below<T>(_ pointer: String, _ body: () throws -> T) throws -> T {
        do { return try body() } catch let failure as Failure { throw failure.moved(below: pointer) }
    }
}
