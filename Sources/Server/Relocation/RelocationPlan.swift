import Core
import Storage

/// Which tables move, and in which order.
///
/// The catalogues of both databases say it, so a table that a later version adds moves without being named here.
struct RelocationPlan: Sendable {
    /// The tables, each after those that its foreign keys refer to. Columns are those of the source, and have the types
    /// of the target.
    let tables: [TableDescription]

    /// The tables that stay behind, with the reason.
    static let staying = [
        "schema_migrations": "the migrations of the target write their own",
        "leases": "they say which process does what, and no process that held one runs any more",
        "followers": "a follower keeps its position with its own state, and names it again when it next runs",
    ]

    /// - parameter target: the tables of the target, once its migrations have run.
    /// - throws: ``Failure`` `relocation_schema_differs` when the target has no place for something.
    init(source: [TableDescription], target: [TableDescription]) throws {
        let targets = Dictionary(target.map { ($0.name, $0) }) { first, _ in first }
        let moving = try source.filter { Self.staying[$0.name] == nil }.map { table in
            guard let counterpart = targets[table.name] else { throw Self.differs("has no table \(table.name)") }
            return try Self.fit(table, into: counterpart)
        }
        tables = try Self.parentsFirst(moving)
    }

    private static func fit(
        _ source: TableDescription, into target: TableDescription
    ) throws -> TableDescription {
        let types = Dictionary(target.columns.map { ($0.name, $0.type) }) { first, _ in first }
        let columns = try source.columns.map { column in
            let place = "\(source.name).\(column.name)"
            guard let type = types[column.name] else { throw differs("has no column \(place)") }
            guard type == column.type || (type == .identifier && column.type == .bytes) else {
                throw differs("has \(place) as \(type) where the data directory has \(column.type)")
            }
            return TableDescription.Column(column.name, type)
        }
        return TableDescription(source.name, columns: columns, key: source.key, parents: target.parents)
    }

    private static func parentsFirst(_ tables: [TableDescription]) throws -> [TableDescription] {
        var sorted: [TableDescription] = []
        var rest = tables
        while !rest.isEmpty {
            let waiting = Set(rest.map(\.name))
            let ready = rest.filter { $0.parents.subtracting([$0.name]).isDisjoint(with: waiting) }
            guard !ready.isEmpty else {
                throw differs("has foreign keys in a circle: \(waiting.sorted().joined(separator: ", "))")
            }
            sorted += ready
            rest.removeAll { table in ready.contains { $0.name == table.name } }
        }
        return sorted
    }

    private static func differs(_ what: String) -> Failure {
        Failure(
            .internal, code: "relocation_schema_differs",
            "The target \(what). Use the same version of millrace for both, and an empty database.")
    }
}
