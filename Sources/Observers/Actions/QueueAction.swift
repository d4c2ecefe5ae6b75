import Core
import Expressions

/// Appends the event to a stream of Redis or publishes it to a subject of NATS JetStream.
struct QueueAction: Action {
    static let type = ActionType.queue

    private enum Broker: String, CaseIterable {
        case redis, nats
    }

    private let broker: Broker
    private let name: Template
    private let maximumLength: Int?
    private let body: Template?

    init(_ fields: inout JSONFields) {
        broker = fields.choice("broker", Broker.self) ?? .redis
        let member = broker == .redis ? "stream" : "subject"
        name = fields.template(member, .text, length: 1...500)
        maximumLength =
            broker == .redis ? fields.optionalInteger("max_length", in: 1...1_000_000_000).map(Int.init) : nil
        body = fields.optionalTemplate("body", .json)
    }

    func writeMembers(to json: inout JSONWriter, secrets _: SecretDisplay) {
        json.member("broker", broker.rawValue)
        switch broker {
        case .redis: json.member("stream", name.text)
        case .nats: json.member("subject", name.text)
        }
        if let maximumLength { json.member("max_length", maximumLength) }
        if let body { json.member("body", body.text) }
    }

    var templates: [Template] { [name] + (body.map { [$0] } ?? []) }
    /// Each stream and subject is one of its own: one that is missing says nothing of the others.
    var destination: String { "\(broker.rawValue) \(name.text)" }

    func render(_ event: ActionEvent) throws -> RenderedAction {
        let payload = try body.map { Array(try $0.render(event.document).utf8) } ?? EventBody.cloudEvent(event)
        let name = try name.render(event.document)
        return switch broker {
        case .redis: .stream(name: name, maximumLength: maximumLength, payload: payload)
        case .nats: .subject(name: name, payload: payload)
        }
    }
}
