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
        to = fields.templates("to", .header, count: 1...50)
        if to.isEmpty { fields.reject("to", "At least one address is required.") }
        cc = fields.templates("cc", .header, count: 0...50)
        replyTo = fields.optionalTemplate("reply_to", .header)
        subject = fields.template("subject", .header, length: 1...500)
        text = fields.optionalTemplate("text", .text)
        html = fields.optionalTemplate("html", .html)
        if text == nil, html == nil { fields.reject("text", "Give text, html or both.") }
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
