import Core
import Expressions

/// Sends a text message through the HTTP interface of a provider.
struct TextMessageAction: Action {
    static let type = ActionType.sms
    private var call: HTTPCall

    init(_ fields: inout JSONFields) { call = HTTPCall(&fields, isBodyRequired: true) }

    func writeMembers(to json: inout JSONWriter, secrets: SecretDisplay) {
        call.writeMembers(to: &json, secrets: secrets)
    }

    var templates: [Template] { call.templates }
    var destination: String { call.destination }
    func render(_ event: ActionEvent) throws -> RenderedAction { .request(try call.render(event)) }

    func keepingSecrets(of old: TextMessageAction) -> TextMessageAction {
        var action = self
        action.call = call.keepingSecrets(of: old.call)
        return action
    }
}
