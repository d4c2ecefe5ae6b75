import Core
import Expressions

/// One kind of thing that an observer does.
///
/// A kind knows how it is written and what it sends for an event; it sends nothing itself: ``ActionRunner`` does.
protocol Action: Sendable {
    /// What kind it is.
    static var type: ActionType { get }

    /// Reads its members and parses its templates.
    init(_ fields: inout JSONFields)

    /// Writes its members.
    func writeMembers(to json: inout JSONWriter, secrets: SecretDisplay)

    /// What it reads of events.
    var templates: [Template] { get }

    /// The texts that may name variables of the server's environment, with the members where they stand.
    var secretTexts: [(member: String, text: String)] { get }

    /// What it is limited by together with others: for example the host that it calls.
    var destination: String { get }

    /// What is sent for an event. The same event gives the same bytes, whenever it is asked for.
    ///
    /// - throws: ``Failure`` `template_failed` when the event lacks something that a template names.
    func render(_ event: ActionEvent) throws -> RenderedAction

    /// The same action with those secrets of an older one in the places where it has a mask.
    ///
    /// - throws: ``MisplacedMask`` when they would go to another server than before.
    func keepingSecrets(of old: Self) throws(MisplacedMask) -> Self
}

extension Action {
    var secretTexts: [(member: String, text: String)] { [] }

    func keepingSecrets(of _: Self) throws(MisplacedMask) -> Self { self }
}

/// A mask that stands for a secret of another server: whoever may change where an action goes must not learn by it what
/// they never saw.
struct MisplacedMask: Error {
    /// Where it stands in the action.
    let member: String

    static let message = "Write the secret again: it would go to another server."
}

/// The kinds of actions, by their names in definitions.
public enum ActionType: String, Sendable, CaseIterable {
    case webhook, slack, email, sms, push, database, cache, search, queue, log

    var kind: any Action.Type {
        switch self {
        case .webhook: WebhookAction.self
        case .slack: SlackAction.self
        case .email: EmailAction.self
        case .sms: ProviderAction<TextMessage>.self
        case .push: ProviderAction<PushNotification>.self
        case .database: DatabaseAction.self
        case .cache: CacheAction.self
        case .search: SearchAction.self
        case .queue: QueueAction.self
        case .log: LogAction.self
        }
    }
}

/// What an action is done for.
struct ActionEvent: Sendable {
    /// The event as conditions and templates read it.
    let document: EventDocument
    /// Whose it is.
    let tenant: Tenant
    /// Names the message: the same for every attempt, another one for each action of each observer.
    let messageID: String
    /// The name of the observer.
    let observer: String
    /// The trace that the change belongs to, as in `traceparent`.
    let traceparent: String?
}
