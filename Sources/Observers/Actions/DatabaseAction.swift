import Core
import Expressions
import Storage

/// Runs a statement that the operator of the server has named, with values of the event, once for each event: in the
/// transaction that says so.
struct DatabaseAction: Action {
    static let type = ActionType.database

    let statement: String
    private let parameters: [NamedTemplate]

    init(_ fields: inout JSONFields) {
        statement = fields.string("statement", length: 1...100)
        parameters = fields.namedTemplates("params", .none, limit: 64)
    }

    func writeMembers(to json: inout JSONWriter, secrets _: SecretDisplay) {
        json.member("statement", statement)
        json.key("params")
        parameters.write(to: &json)
    }

    /// Why a tenant may not run statements, for people; nil when it may. They see the rows of all tenants.
    static func problem(for tenant: Tenant) -> String? {
        guard tenant != .first else { return nil }
        return "Statements belong to the operator of the server: use another type of action."
    }

    /// The names that it gives values for.
    var parameterNames: [String] { parameters.map(\.name) }

    var templates: [Template] { parameters.map(\.template) }
    var destination: String { "database" }

    func render(_ event: ActionEvent) throws -> RenderedAction {
        if let problem = Self.problem(for: event.tenant) {
            // Definitions may be older than what is checked as they are saved.
            throw Failure(.invalid, code: "statement_forbidden", problem)
        }
        return .statement(
            name: statement,
            parameters: try parameters.map { ($0.name, try Self.value(of: $0.template, event.document)) })
    }

    /// A template that is one path gives the value as it is, a number for a number; any other gives text.
    private static func value(of template: Template, _ event: EventDocument) throws -> SQLValue {
        guard let value = try template.value(in: event) else { return .inferred(try template.render(event)) }
        switch value {
        case .null: return .null
        // PostgreSQL reads it as true or false, SQLite as 1 or 0.
        case .bool(let flag): return .inferred(flag ? "1" : "0")
        case .number(let text): return Int64(text).map(SQLValue.integer) ?? .inferred(text)
        case .string(let text): return .inferred(text)
        case .array, .object: return .inferred(String(decoding: JSONWriter.bytes(of: value), as: UTF8.self))
        }
    }
}
