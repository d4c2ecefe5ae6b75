import Core
import Expressions

/// Sends an e-mail through the server of `outbound.smtp_url`.
struct EmailAction: Action {
    static let type = ActionType.email

    private let to: [Template]
    private let cc: [Template]
    private let replyTo: Template?
    private let subject: Template
    private let text: Template?
    private let html: Template?

    init(_ fields: inout JSONFields) {
        // Addresses stay as they are, so that `EmailAddress` can refuse them: one that was cleaned may be another's.
        to = fields.templates("to", .none, count: 1...50)
        if fields.isMissing("to") { fields.reject("to", "At least one address is required.") }
        cc = fields.templates("cc", .none, count: 0...50)
        replyTo = fields.optionalTemplate("reply_to", .none)
        subject = fields.template("subject", .header, length: 1...500)
        text = fields.optionalTemplate("text", .text)
        html = fields.optionalTemplate("html", .html)
        if fields.isMissing("text"), fields.isMissing("html") { fields.reject("text", "Give text, html or both.") }
    }

    func writeMembers(to json: inout JSONWriter, secrets _: SecretDisplay) {
        json.member("to", array: to.map(\.text))
        if !cc.isEmpty { json.member("cc", array: cc.map(\.text)) }
        if let replyTo { json.member("reply_to", replyTo.text) }
        json.member("subject", subject.text)
        if let text { json.member("text", text.text) }
        if let html { json.member("html", html.text) }
    }

    var templates: [Template] { to + cc + [replyTo, subject, text, html].compactMap { $0 } }
    var destination: String { "smtp" }

    func render(_ event: ActionEvent) throws -> RenderedAction {
        let document = event.document
        return .email(
            RenderedEmail(
                to: try to.map { try $0.render(document) }, copies: try cc.map { try $0.render(document) },
                replyTo: try replyTo?.render(document), subject: try subject.render(document),
                text: try text?.render(document), html: try html?.render(document), date: document.time))
    }
}
