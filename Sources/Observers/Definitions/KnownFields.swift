import Expressions

/// The fields that an observer can read in the events of one type: those of the entity, and those of what it looks up
/// beside it.
struct KnownFields {
    /// The type of the entity.
    let entityType: String
    /// The catalogues by type; nothing is known of other types.
    let catalogs: [String: FieldCatalog]
    /// The types of what is looked up, by its name.
    let lookups: [String: String]

    init(_ definition: ObserverDefinition, _ entityType: String, _ catalogs: [String: FieldCatalog]) {
        self.entityType = entityType
        self.catalogs = catalogs
        lookups = Dictionary(definition.lookups.map { ($0.name, $0.entityType) }) { $1 }
    }

    /// What is wrong with the first of some paths that leads nowhere, for people; nil when none does.
    func problem(of paths: [String]) -> String? {
        for path in paths {
            let (type, field) = place(of: path)
            if let unknown = catalogs[type]?.unknown(among: [field]).first, !field.isEmpty {
                return "\(type): \(unknown.message)"
            }
        }
        return nil
    }

    /// The type that has a field, and the field's path within it.
    private func place(of path: String) -> (type: String, field: String) {
        let name = path.prefix { $0 != "." && $0 != "[" }
        guard let type = lookups[String(name)] else { return (entityType, path) }
        return (type, String(path.dropFirst(name.count + 1)))
    }
}
