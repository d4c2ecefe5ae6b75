import Core
import Memories
import Search

/// What Qdrant's clients send to make and change collections. What concerns several machines, files and threads of a
/// Qdrant server is accepted and has no effect here.
enum QdrantCollectionBody {
    /// The body of a request that makes a collection.
    static func definition(_ fields: inout JSONFields) throws -> CollectionDefinition {
        ignore(
            &fields,
            "shard_number", "sharding_method", "replication_factor", "write_consistency_factor", "on_disk_payload",
            "payload", "id_tracker", "wal_config", "optimizers_config", "strict_mode_config")
        refuse(&fields, "sparse_vectors", "Sparse vectors are not stored. Use a text index, or dense vectors.")
        let graph = fields.optionalObject("hnsw_config") { GraphOptions(&$0) } ?? GraphOptions()
        noteQuantization(&fields)
        var definition = CollectionDefinition(vectors: vectors(&fields, graph))
        if let metadata = fields.optionalTree("metadata") { try definition.note(metadata) }
        return definition
    }

    /// The body of a request that changes a collection.
    static func change(_ fields: inout JSONFields) throws -> @Sendable (inout CollectionDefinition) throws -> Void {
        ignore(&fields, "optimizers_config", "params", "hnsw_config", "strict_mode_config", "vectors")
        refuse(&fields, "sparse_vectors", "Sparse vectors are not stored.")
        noteQuantization(&fields)
        let metadata = fields.optionalTree("metadata")
        return { definition in
            guard let metadata else { return }
            try definition.note((definition.metadata ?? JSONObject()).merging(metadata))
        }
    }

    /// What Qdrant calls its tokenizers. Here words are always the same.
    private static let tokenizers: [JSONValue] = [
        .string("word"), .string("whitespace"), .string("prefix"), .string("multilingual"), .null,
    ]

    /// The body of a request that indexes a field: `{"field_name":"…","field_schema":"keyword"}`, where the schema may
    /// be an object with a `type`.
    static func index(_ fields: inout JSONFields) throws -> PayloadFieldDefinition {
        let path = fields.string("field_name", length: 1...PayloadPath.lengthLimit)
        do { _ = try PayloadPath(path) } catch { fields.reject("field_name", "\(PayloadPath.remedy)") }
        var options: JSONObject?
        var name = "keyword"
        if let object = fields.treeIfObject("field_schema") {
            try StoredObject.check(
                object, size: JSONWriter.bytes(of: object).count, limit: StoredObject.noteLimit, at: "/field_schema")
            options = object
            if case .string(let type) = object["type"] { name = type }
            if let tokenizer = object["tokenizer"], !Self.tokenizers.contains(tokenizer) {
                throw Failure.invalid(
                    at: "/field_schema/tokenizer", "One of word, whitespace, prefix, multilingual is expected.")
            }
        } else {
            name = fields.optionalString("field_schema", length: 1...32) ?? name
        }
        guard let kind = PayloadField.Kind(rawValue: name) else {
            let kinds = PayloadField.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            fields.reject("field_schema", "One of \(kinds) is expected.")
            return PayloadFieldDefinition(path, .keyword)
        }
        return PayloadFieldDefinition(path, kind, options: options)
    }

    /// One kind of vectors without a name, or several by their names.
    private static func vectors(_ fields: inout JSONFields, _ graph: GraphOptions) -> [VectorDefinition] {
        guard let object = fields.treeIfObject("vectors") else {
            if !fields.isMissing("vectors") { fields.reject("vectors", "An object is expected.") }
            return []
        }
        if object["size"] != nil {
            return fields.optionalObject("vectors") { [vector("", &$0, graph)] } ?? []
        }
        guard object.members.count <= CollectionDefinition.vectorLimit else {
            fields.reject(
                "vectors", "A collection has \(CollectionDefinition.vectorLimit) kinds of vectors at most.")
            return []
        }
        return fields.optionalObject("vectors") { inner in
            object.members.compactMap { member in
                if !isName(member.name) {
                    inner.reject(
                        member.name,
                        "The name of a vector has \(CollectionDefinition.nameLimit) characters at most, none of them a "
                            + "control character.")
                }
                return inner.optionalObject(member.name) { vector(member.name, &$0, graph) }
            }
        } ?? []
    }

    private static func isName(_ text: String) -> Bool {
        text.unicodeScalars.count <= CollectionDefinition.nameLimit
            && !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }

    private static func vector(
        _ name: String, _ fields: inout JSONFields, _ common: GraphOptions
    ) -> VectorDefinition {
        let size = Int(fields.integer("size", in: VectorDefinition.sizes))
        let distance = fields.choice("distance", QdrantDistance.self) ?? .cosine
        let graph = fields.optionalObject("hnsw_config") { GraphOptions(&$0, over: common) } ?? common
        let isOnDisk = fields.optionalBool("on_disk") ?? false
        ignore(&fields, "memory")
        noteQuantization(&fields)
        if let datatype = fields.optionalString("datatype", length: 1...16), datatype != "float32" {
            fields.reject("datatype", "Vectors are stored as float32.")
        }
        refuse(&fields, "multivector_config", "Multivectors are not stored.")
        return VectorDefinition(
            name: name, size: size, metric: distance.metric, m: graph.m, efConstruction: graph.efConstruction,
            isOnDisk: isOnDisk)
    }

    /// Vectors are always found by codes of one byte for each component and ranked by themselves, so scalar
    /// quantization is what there is.
    private static func noteQuantization(_ fields: inout JSONFields) {
        guard let object = fields.treeIfObject("quantization_config") else {
            ignore(&fields, "quantization_config")
            return
        }
        if object["scalar"] == nil {
            fields.reject("quantization_config", "Scalar quantization is what there is.")
        }
    }

    private static func ignore(_ fields: inout JSONFields, _ names: String...) {
        for name in names { fields.ignore(name) }
    }

    private static func refuse(_ fields: inout JSONFields, _ name: String, _ message: String) {
        guard !fields.isMissing(name) else {
            fields.ignore(name)
            return
        }
        if let object = fields.treeIfObject(name), object.members.isEmpty { return }
        fields.ignore(name)
        fields.reject(name, message)
    }

    private struct GraphOptions {
        var m = 16
        var efConstruction = 100

        init() {}

        init(_ fields: inout JSONFields, over common: GraphOptions = GraphOptions()) {
            m = fields.optionalInteger("m", in: 0...256).map { $0 < 2 ? 2 : Int($0) } ?? common.m
            efConstruction =
                fields.optionalInteger("ef_construct", in: 4...4_096).map { Int($0) } ?? common.efConstruction
            ignore(
                &fields, "full_scan_threshold", "max_indexing_threads", "on_disk", "payload_m", "inline_storage",
                "memory")
        }
    }
}

/// Qdrant's names of the metrics.
enum QdrantDistance: String, CaseIterable {
    case cosine = "Cosine"
    case euclid = "Euclid"
    case dot = "Dot"
    case manhattan = "Manhattan"

    init(_ metric: VectorMetric) {
        switch metric {
        case .cosine: self = .cosine
        case .euclid: self = .euclid
        case .dot: self = .dot
        case .manhattan: self = .manhattan
        }
    }

    var metric: VectorMetric {
        switch self {
        case .cosine: .cosine
        case .euclid: .euclid
        case .dot: .dot
        case .manhattan: .manhattan
        }
    }
}
