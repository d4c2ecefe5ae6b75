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
    ///
    /// - parameter tenant: whose observer it is.
    func problems(of definition: ObserverDefinition, for tenant: Tenant) -> [Failure.FieldError] {
        secretProblems(definition, tenant) + statementProblems(definition, tenant) + lookupProblems(definition)
            + definition.entityTypes.flatMap { fieldProblems(definition, ofType: $0) }
    }

    private func fieldProblems(_ definition: ObserverDefinition, ofType type: String) -> [Failure.FieldError] {
        let known = KnownFields(definition, type, catalogs)
        var problems: [Failure.FieldError] = []
        let condition = definition.condition.flatMap { try? Condition(parsing: $0) }
        if let message = known.problem(of: condition?.fields ?? []) {
            problems.append(.init(pointer: "/condition", message: message))
        }
        for lookup in definition.lookups {
            guard let message = known.problem(of: lookup.template.fields) else { continue }
            problems.append(.init(pointer: "/lookups/\(lookup.name)", message: message))
        }
        for (index, action) in definition.actions.enumerated() {
            guard let message = known.problem(of: action.content.templates.flatMap(\.fields)) else { continue }
            problems.append(.init(pointer: "/actions/\(index)", message: message))
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

    private func secretProblems(_ definition: ObserverDefinition, _ tenant: Tenant) -> [Failure.FieldError] {
        definition.actions.enumerated().flatMap { index, action in
            action.content.secretTexts.compactMap { member, text in
                SecretText(inDefinition: text).problem(for: tenant).map {
                    .init(pointer: "/actions/\(index)/\(member)", message: $0)
                }
            }
        }
    }

    private func statementProblems(_ definition: ObserverDefinition, _ tenant: Tenant) -> [Failure.FieldError] {
        let known = statements()
        var problems: [Failure.FieldError] = []
        for (index, action) in definition.actions.enumerated() {
            guard let content = action.content as? DatabaseAction else { continue }
            let pointer = "/actions/\(index)"
            if let problem = DatabaseAction.problem(for: tenant) {
                problems.append(.init(pointer: "\(pointer)/statement", message: problem))
                continue
            }
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
}
