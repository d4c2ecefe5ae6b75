import Core
import Expressions

/// Sends a message through the HTTP interface of a provider. What kind of message it is, the provider's templates say;
/// the kinds differ in their names only.
struct ProviderAction<Message: ProviderMessage>: Action {
    static var type: ActionType { Message.type }
    private var call: HTTPCall

    init(_ fields: inout JSONFields) { call = HTTPCall(&fields, isBodyRequired: true) }

    func writeMembers(to json: inout JSONWriter, secrets: SecretDisplay) {
        call.writeMembers(to: &json, secrets: secrets)
    }

    var secretTexts: [(member: String, text: String)] { call.secretTexts }
    var templates: [Template] { call.templates }
    var destination: String { call.destination }
    func render(_ event: ActionEvent) throws -> RenderedAction { .request(try call.render(event)) }

    func keepingSecrets(of old: ProviderAction) throws(MisplacedMask) -> ProviderAction {
        var action = self
        action.call = try call.keepingSecrets(of: old.call)
        return action
    }
}

/// A kind of message that a provider sends.
protocol ProviderMessage: Sendable {
    static var type: ActionType { get }
}

/// A text message to a telephone.
enum TextMessage: ProviderMessage {
    static let type = ActionType.sms
}

/// A notification to a device.
enum PushNotification: ProviderMessage {
    static let type = ActionType.push
}
