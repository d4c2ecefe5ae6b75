import Core
import Expressions
import Outbound

/// Calls an HTTP endpoint with a signed message (Standard Webhooks 1.0.0).
struct WebhookAction: Action {
    static let type = ActionType.webhook

    private var call: HTTPCall
    private var secrets: [String]

    init(_ fields: inout JSONFields) {
        call = HTTPCall(&fields)
        secrets = fields.optionalStrings("secrets", count: 0...4, length: 3...200) ?? []
        if let secret = fields.optionalString("secret", length: 3...200) { secrets.append(secret) }
        for secret in secrets where !secret.hasPrefix(Secret.environmentPrefix) && secret != Secret.mask {
            do {
                _ = try WebhookSecret(secret)
            } catch {
                fields.reject("secrets", error.explanation)
            }
        }
    }

    func writeMembers(to json: inout JSONWriter, secrets display: SecretDisplay) {
        call.writeMembers(to: &json, secrets: display)
        json.member("secrets", array: secrets.map(display.text))
    }

    var secretTexts: [(member: String, text: String)] { call.secretTexts + secrets.map { ("secrets", $0) } }
    var templates: [Template] { call.templates }
    var destination: String { call.destination }

    func render(_ event: ActionEvent) throws -> RenderedAction {
        var request = try call.render(event, secrets: secrets)
        request.obeysGone = true
        return .request(request)
    }

    func keepingSecrets(of old: WebhookAction) throws(MisplacedMask) -> WebhookAction {
        var action = self
        action.call = try call.keepingSecrets(of: old.call)
        if secrets.contains(Secret.mask) {
            guard call.server == old.call.server else { throw MisplacedMask(member: "secrets") }
            action.secrets = secrets.filter { $0 != Secret.mask } + old.secrets.filter { !secrets.contains($0) }
        }
        return action
    }
}
