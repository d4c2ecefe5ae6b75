import Core
import Expressions

/// One action of an observer.
public struct ActionDefinition: Sendable {
    /// Unique within its observer, and stable: deliveries belong to the action of a name, whatever else changes of it.
    public internal(set) var name: String
    /// By what the tables name it. The store gives each new name of an observer the next number.
    var number: Int
    let content: any Action
    /// How many deliveries may be under way at its destination at once; nil for no limit beside that of the observer.
    let maximumConcurrency: Int?
    /// How many deliveries may begin at its destination in a second; nil for no limit.
    let ratePerSecond: Int?

    /// What kind of action it is.
    public var type: ActionType { Swift.type(of: content).type }

    /// Whether it takes effect in the transaction that matches, and leaves a delivery only where that failed.
    var runsWhileMatching: Bool { content is DatabaseAction || isIndexing }

    /// Whether it puts events into the server's own index.
    var isIndexing: Bool { (content as? SearchAction)?.isBuiltIn == true }

    /// Reads an action; nil when its type is missing or unknown, which is noted.
    init?(_ fields: inout JSONFields, isStored: Bool) {
        name = fields.optionalString("name", length: 1...100) ?? ""
        number = isStored ? Int(fields.integer("number", in: 0...1_000_000)) : -1
        maximumConcurrency = fields.optionalInteger("max_concurrency", in: 1...1_000).map(Int.init)
        ratePerSecond = fields.optionalInteger("rate_per_second", in: 1...1_000_000).map(Int.init)
        guard let type = fields.choice("type", ActionType.self) else { return nil }
        content = type.kind.init(&fields)
    }

    /// Gives each action without a name that of its type, with a number where that is taken.
    static func nameAll(_ actions: inout [ActionDefinition], _ fields: inout JSONFields) {
        var taken = Set(actions.map(\.name).filter { !$0.isEmpty })
        if taken.count < actions.count(where: { !$0.name.isEmpty }) {
            fields.reject("actions", "Two actions have the same name.")
        }
        for index in actions.indices where actions[index].name.isEmpty {
            let type = actions[index].type.rawValue
            let name = taken.contains(type) ? (2...).lazy.map { "\(type)-\($0)" }.first { !taken.contains($0) } : type
            actions[index].name = name ?? type
            taken.insert(actions[index].name)
        }
    }

    func write(to json: inout JSONWriter, secrets: SecretDisplay) {
        json.object { json in
            json.member("type", type.rawValue)
            json.member("name", name)
            if case .shown = secrets { json.member("number", number) }
            if let maximumConcurrency { json.member("max_concurrency", maximumConcurrency) }
            if let ratePerSecond { json.member("rate_per_second", ratePerSecond) }
            content.writeMembers(to: &json, secrets: secrets)
        }
    }

    /// The same action with the number of its name in an older definition, and the secrets of that where it has masks.
    func succeeding(_ old: ActionDefinition) throws(MisplacedMask) -> ActionDefinition {
        var action = self
        action.number = old.number
        return try action.keepingSecrets(content, old.content)
    }

    private func keepingSecrets<Content: Action>(
        _ new: Content, _ old: any Action
    ) throws(MisplacedMask) -> ActionDefinition {
        guard let old = old as? Content else { return self }
        return ActionDefinition(self, content: try new.keepingSecrets(of: old))
    }

    private init(_ action: ActionDefinition, content: any Action) {
        name = action.name
        number = action.number
        maximumConcurrency = action.maximumConcurrency
        ratePerSecond = action.ratePerSecond
        self.content = content
    }
}
