import Core
import Expressions

/// A text of a definition in a place where a secret may stand: the text itself, or the variable of the server's
/// environment that holds it.
///
/// Variables belong to the operator of the server. So only what stands in a definition names one, never a text that
/// comes from an event; the names begin with ``variablePrefix``, because the environment holds other things too; and
/// only the tenant of the file of observers, ``Core/Tenant/first``, may name them.
public enum SecretText: Sendable, Equatable {
    case text(String)
    case variable(String)

    /// What the names of variables begin with that definitions may name.
    public static let variablePrefix = "MILLRACE_SECRET_"

    /// A text as it stands in a definition.
    init(inDefinition text: String) {
        self =
            text.hasPrefix(Secret.environmentPrefix)
            ? .variable(String(text.dropFirst(Secret.environmentPrefix.count))) : .text(text)
    }

    /// Why a tenant may not say this, for people; nil when it may.
    func problem(for tenant: Tenant) -> String? {
        guard case .variable(let name) = self else { return nil }
        guard tenant == .first else {
            return "Variables of the server belong to its operator: write the secret itself instead of "
                + "\(Secret.environmentPrefix)NAME."
        }
        guard name.hasPrefix(Self.variablePrefix) else {
            return "Only variables whose names begin with \(Self.variablePrefix) may be named here, for example "
                + "\(Secret.environmentPrefix)\(Self.variablePrefix)SHOP."
        }
        return nil
    }

    /// The secret itself.
    ///
    /// - parameter environment: the variables of the server by their names.
    /// - throws: ``Failure`` `secret_missing` when there is no such variable.
    func value(in environment: [String: String]) throws(Failure) -> String {
        switch self {
        case .text(let text): return text
        case .variable(let name):
            guard let value = environment[name], !value.isEmpty else {
                throw Failure(
                    .invalid, code: "secret_missing",
                    "The variable \(name) is not set in the environment of the server. Set it and start the server "
                        + "again.")
            }
            return value
        }
    }

    /// What is shown of it where it may be seen: never what a variable holds.
    var shown: String {
        switch self {
        case .text(let text): text
        case .variable(let name): Secret.environmentPrefix + name
        }
    }
}

extension ActionEvent {
    /// A text of the definition in a place where a secret may stand. It is checked here too, because definitions may
    /// be older than what is checked as they are saved.
    ///
    /// - throws: ``Failure`` `secret_forbidden`.
    func secret(_ text: String) throws(Failure) -> SecretText {
        let secret = SecretText(inDefinition: text)
        if let problem = secret.problem(for: tenant) {
            throw Failure(.invalid, code: "secret_forbidden", problem)
        }
        return secret
    }
}

extension [NamedTemplate] {
    /// The header fields of an event. What a template makes of an event is a text, whatever it begins with.
    func headers(_ event: ActionEvent) throws(Failure) -> [RenderedHeader] {
        var headers: [RenderedHeader] = []
        for entry in self {
            let text = try entry.template.render(event.document)
            headers.append(
                RenderedHeader(
                    name: entry.name, value: entry.template.isLiteral ? try event.secret(text) : .text(text)))
        }
        return headers
    }

    /// The texts of header fields that may name variables, with the places where they stand.
    var secretTexts: [(member: String, text: String)] {
        filter(\.template.isLiteral).map { ("headers/\($0.name)", $0.template.text) }
    }
}
