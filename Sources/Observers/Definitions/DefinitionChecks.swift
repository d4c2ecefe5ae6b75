import Core
import Expressions

/// What a definition may refer to beside itself, checked as it is saved: so mistakes show before the first event.
public struct DefinitionChecks: Sendable {
    /// The fields of known types of entities, by type.
    let catalogs: [String: FieldCatalog]
    /// The types of entities that can be looked up; nil when nobody knows.
    let lookups: Set<String>?
    /// The names of the statements that actions may run, and the parameters of each; asked at each check, because the
    /// file of observers may change them.
    let statements: @Sendable () -> [String: Set<String>]

    /// Nothing is known beside the definition itself.
    public static let none = DefinitionChecks(catalogs: [:], lookups: nil) { [:] }

    /// What is wrong with a definition, each with the place where it stands.
    func problems(of definition: ObserverDefinition) -> [Failure.FieldError] {
        statementProblems(definition) + lookupProblems(definition)
            + definition.entityTypes.flatMap { fieldProblems(definition, ofType: $0) }
    }

    private func fieldProblems(_ definition: ObserverDefinition, ofType type: String) -> [Failure.FieldError] {
        guard let catalog = catalogs[type] else { return [] }
        let names = Set(definition.lookups.map(\.name))
        var problems: [Failure.FieldError] = []
        if let text = definition.condition, let condition = try? Condition(parsing: text),
            let unknown = catalog.unknown(among: condition.fields.filter { !Self.isLookup($0, names) }).first
        {
            problems.append(.init(pointer: "/condition", message: "\(type): \(unknown.message)"))
        }
        for (index, action) in definition.actions.enumerated() {
            let unknown = action.content.templates.lazy.compactMap {
                catalog.unknown(among: $0.fields.filter { !Self.isLookup($0, names) }).first
            }.first
            guard let unknown else { continue }
            problems.append(.init(pointer: "/actions/\(index)", message: "\(type): \(unknown.message)"))
        }
        return problems
    }

    private func lookupProblems(_ definition: ObserverDefinition) -> [Failure.FieldError] {
        guard let lookups else { return [] }
        let known = lookups.sorted().joined(separator: ", ")
        return definition.lookups.filter { !lookups.contains($0.entityType) }.map { lookup in
            .init(
                pointer: "/lookups/\(lookup.name)",
                message: "\(lookup.entityType) cannot be looked up. There are: \(known).")
        }
    }

    private func statementProblems(_ definition: ObserverDefinition) -> [Failure.FieldError] {
        let known = statements()
        var problems: [Failure.FieldError] = []
        for (index, action) in definition.actions.enumerated() {
            guard let content = action.content as? DatabaseAction else { continue }
            let pointer = "/actions/\(index)"
            guard let parameters = known[content.statement] else {
                let names = known.keys.sorted().joined(separator: ", ")
                let hint = names.isEmpty ? "" : " There are: \(names)."
                problems.append(
                    .init(
                        pointer: "\(pointer)/statement",
                        message: "The file of observers has no statement \(content.statement).\(hint)"))
                continue
            }
            let given = Set(content.parameterNames)
            for name in parameters.subtracting(given).sorted() {
                problems.append(
                    .init(pointer: "\(pointer)/params", message: "The statement needs a value for :\(name)."))
            }
            for name in given.subtracting(parameters).sorted() {
                problems.append(.init(pointer: "\(pointer)/params", message: "The statement has no :\(name)."))
            }
        }
        return problems
    }

    /// Whether a path begins at something that is looked up.
    private static func isLookup(_ path: String, _ names: Set<String>) -> Bool {
        names.contains(String(path.prefix { $0 != "." && $0 != "[" }))
    }
}
