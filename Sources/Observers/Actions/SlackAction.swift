import Core
import Expressions
import Outbound

/// Writes into a channel of Slack through an incoming webhook, whose address is a secret.
struct SlackAction: Action {
    static let type = ActionType.slack

    private var url: String
    private let text: Template
    private let channel: String?

    init(_ fields: inout JSONFields) {
        url = fields.string("url", length: 3...2_048)
        text = fields.template("text", .slack)
        channel = fields.optionalString("channel", length: 1...100)
        guard !url.isEmpty, !url.hasPrefix(Secret.environmentPrefix), url != Secret.mask else { return }
        do {
            _ = try HTTPURL(url)
        } catch {
            fields.reject("url", error.explanation)
        }
    }

    func writeMembers(to json: inout JSONWriter, secrets: SecretDisplay) {
        json.member("url", secrets.text(url))
        json.member("text", text.text)
        if let channel { json.member("channel", channel) }
    }

    var secretTexts: [(member: String, text: String)] { [("url", url)] }
    var templates: [Template] { [text] }
    var destination: String { (try? HTTPURL(url).destination.description) ?? "slack" }

    func render(_ event: ActionEvent) throws -> RenderedAction {
        let message = try text.render(event.document)
        var json = JSONWriter()
        json.object { json in
            json.member("text", message)
            if let channel { json.member("channel", channel) }
        }
        return .request(
            RenderedRequest(
                method: "POST", url: try event.secret(url), headers: [.init("Content-Type", "application/json")],
                body: json.bytes, secrets: [], isURLSecret: true))
    }

    func keepingSecrets(of old: SlackAction) throws(MisplacedMask) -> SlackAction {
        guard url == Secret.mask else { return self }
        var action = self
        action.url = old.url
        return action
    }
}
