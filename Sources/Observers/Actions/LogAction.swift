import Core
import Expressions

/// Writes a line into the log of the server.
struct LogAction: Action {
    static let type = ActionType.log

    private enum Level: String, CaseIterable {
        case debug, info, notice, warning, error
    }

    private let level: Level
    private let message: Template

    init(_ fields: inout JSONFields) {
        level = fields.optionalChoice("level", Level.self) ?? .info
        message = fields.template("message", .text)
    }

    func writeMembers(to json: inout JSONWriter, secrets _: SecretDisplay) {
        json.member("level", level.rawValue)
        json.member("message", message.text)
    }

    var templates: [Template] { [message] }
    var destination: String { "log" }

    func render(_ event: ActionEvent) throws -> RenderedAction {
        .line(level: level.rawValue, text: try message.render(event.document))
    }
}
