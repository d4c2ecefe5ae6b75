import ChangeLog
public import Core

/// What is known of the edges of one name.
public struct Relation: JSONEncodable, Hashable, Sendable {
    /// What the edges are called.
    public let name: String
    /// How many nodes they relate to each other at one time.
    public let cardinality: Cardinality
    /// What they mean.
    public let description: String

    /// A relation.
    public init(name: String, cardinality: Cardinality, description: String = "") {
        self.name = name
        self.cardinality = cardinality
        self.description = description
    }

    init(_ fields: StoredFields) throws {
        name = try fields.text("name")
        cardinality = Cardinality(rawValue: try fields.text("cardinality")) ?? .manyToMany
        description = try fields.text("description")
    }

    /// What it is in the change log.
    static let entityType = "graph_relation"

    var entity: Identifier { Identifier(hashing: Array("relation/\(name)".utf8)) }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("name", name)
            json.member("cardinality", cardinality.rawValue)
            json.member("description", description)
        }
    }
}
