public import Core
public import Search

/// What vectors a collection has under one name, and how they are found.
public struct VectorDefinition: Sendable, Equatable {
    /// How many components a vector has.
    public static let sizes: ClosedRange<Int64> = 1...65_536
    /// How many links a node of the graph may have (M).
    static let linkCounts: ClosedRange<Int64> = 2...256
    /// How many candidates the links of a node may be chosen from (efConstruction).
    static let candidateCounts: ClosedRange<Int64> = 4...4_096

    /// Its name; empty where a collection has one without a name.
    public var name: String
    /// How many components each vector has.
    public var size: Int
    /// What is near.
    public var metric: VectorMetric
    /// How many links a node of the graph has (M).
    public var m: Int
    /// How many candidates the links of a node are chosen from (efConstruction).
    public var efConstruction: Int
    /// Whether the vectors stay in the table, with only their codes and the graph in memory.
    public var isOnDisk: Bool

    /// Vectors of a size.
    public init(
        name: String = "", size: Int, metric: VectorMetric = .cosine, m: Int = 16, efConstruction: Int = 100,
        isOnDisk: Bool = false
    ) {
        self.name = name
        self.size = size
        self.metric = metric
        self.m = m
        self.efConstruction = efConstruction
        self.isOnDisk = isOnDisk
    }
}

extension VectorDefinition: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("name", name)
            json.member("size", size)
            json.member("metric", metric.rawValue)
            json.member("m", m)
            json.member("ef_construction", efConstruction)
            json.member("on_disk", isOnDisk)
        }
    }

    /// Reads what ``write(to:)`` wrote.
    init(_ fields: inout JSONFields) {
        self.init(
            name: fields.optionalString("name", length: 0...CollectionDefinition.nameLimit) ?? "",
            size: Int(fields.integer("size", in: Self.sizes)),
            metric: fields.choice("metric", VectorMetric.self) ?? .cosine,
            m: Int(fields.optionalInteger("m", in: Self.linkCounts) ?? 16),
            efConstruction: Int(fields.optionalInteger("ef_construction", in: Self.candidateCounts) ?? 100),
            isOnDisk: fields.optionalBool("on_disk") ?? false)
    }
}
