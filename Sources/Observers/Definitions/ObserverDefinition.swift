public import ChangeLog
import Core
import Expressions

/// What an observer watches for, and what it does then, as its author wrote it.
public struct ObserverDefinition: Sendable {
    /// Unique for a tenant.
    public var name: String
    /// What it is for, for people.
    public var description: String?
    /// The types of the entities that it watches; `*` is every type.
    public var entityTypes: [String]
    /// The operations that it watches.
    public var operations: [Operation]
    /// When it acts, in the language of conditions; nil is always.
    public var condition: String?
    /// What else its conditions and templates read: an entity by a name of their own.
    public var lookups: [Lookup]
    /// What it does, all of it side by side.
    public var actions: [ActionDefinition]
    /// When a failed delivery is tried again.
    public var retry: RetryPolicy
    /// Which deliveries wait for each other.
    public var ordering: Ordering
    /// Who goes first where several wait for the same destination: the lower number.
    public var priority: Int
    /// How long an attempt may take, in milliseconds.
    public var timeout: Int64
    /// How many deliveries of one action may be under way at once on one instance.
    public var maximumParallelism: Int
    /// What becomes of a delivery that cannot be made.
    public var onFailure: FailurePolicy
    /// Whether it watches at all.
    public var isEnabled: Bool
    /// The number of the next action of a new name.
    var nextActionNumber = 0

    /// Every type of entity, but for those of the server's own administration.
    public static let everyType = "*"
    /// The types that only who names them watches.
    private static let administrativeTypes: Set<String> = [Observers.entityType, "api_key"]
    static let nameLength = 1...100
    static let typeLimit = 32
    static let actionLimit = 16
}

extension ObserverDefinition {
    /// Whether it watches entities of a type.
    func watches(_ entityType: String) -> Bool {
        entityTypes.contains(entityType)
            || (entityTypes.contains(Self.everyType) && !Self.administrativeTypes.contains(entityType))
    }
}

extension ObserverDefinition {
    /// Reads a definition and checks all of it: conditions and templates are parsed.
    ///
    /// - parameter isStored: whether its actions carry the numbers that the store gave them.
    init(_ fields: inout JSONFields, isStored: Bool = false) {
        name = fields.string("name", length: Self.nameLength)
        if !name.isEmpty, !Self.isName(name) {
            fields.reject("name", "Letters, digits and . _ - are allowed, the first a letter or digit.")
        }
        description = fields.optionalString("description", length: 0...1_000)
        entityTypes = Self.readTypes(&fields)
        operations = Self.readOperations(&fields)
        condition = fields.optionalString("condition", length: 0...4_096)
        if condition?.allSatisfy(\.isWhitespace) == true { condition = nil }
        lookups = Lookup.read(&fields)
        actions = fields.objects("actions", count: 1...Self.actionLimit) {
            ActionDefinition(&$0, isStored: isStored)
        }.compactMap { $0 }
        retry = fields.optionalObject("retry") { RetryPolicy(&$0) } ?? RetryPolicy()
        ordering = fields.optionalChoice("ordering", Ordering.self) ?? .entity
        priority = fields.optionalInteger("priority", in: 0...1_000).map(Int.init) ?? 100
        timeout = fields.optionalInteger("timeout_ms", in: 10...600_000) ?? 30_000
        maximumParallelism = fields.optionalInteger("max_parallelism", in: 1...1_000).map(Int.init) ?? 64
        onFailure = fields.optionalChoice("on_failure", FailurePolicy.self) ?? .deadLetter
        isEnabled = fields.optionalBool("enabled") ?? true
        if isStored { nextActionNumber = Int(fields.integer("next_action_number", in: 0...1_000_000)) }
        ActionDefinition.nameAll(&actions, &fields)
        if let condition {
            do {
                _ = try Condition(parsing: condition)
            } catch {
                fields.reject("condition", error.explanation)
            }
        }
    }

    private static func isName(_ text: String) -> Bool {
        let isPlain = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return text.utf8.first.map(isPlain) == true
            && text.utf8.allSatisfy {
                isPlain($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0)
            }
    }

    private static func readTypes(_ fields: inout JSONFields) -> [String] {
        if fields.has("entity_type") {
            if fields.has("entity_types") { fields.reject("entity_type", "Give entity_type or entity_types.") }
            return [fields.string("entity_type", length: 1...100)]
        }
        return fields.optionalStrings("entity_types", count: 1...typeLimit, length: 1...100) ?? [everyType]
    }

    private static func readOperations(_ fields: inout JSONFields) -> [Operation] {
        guard let names = fields.optionalStrings("operations", count: 1...8, length: 1...20) else {
            return Operation.allCases
        }
        let operations = names.compactMap { Operation(rawValue: $0.lowercased()) }
        if operations.count < names.count {
            let known = Operation.allCases.map(\.rawValue).joined(separator: ", ")
            fields.reject("operations", "The operations are \(known).")
        }
        return Operation.allCases.filter(operations.contains)
    }
}

extension ObserverDefinition {
    /// Writes the members of the definition.
    ///
    /// - parameter secrets: whether secrets are written as they are, which only the table of observers sees.
    func writeMembers(to json: inout JSONWriter, secrets: SecretDisplay) {
        json.member("name", name)
        json.member("description", description)
        json.member("entity_types", array: entityTypes)
        json.member("operations", array: operations.map(\.rawValue))
        json.member("condition", condition)
        if !lookups.isEmpty {
            json.member(
                "lookups",
                object: { json in
                    for lookup in lookups { lookup.write(to: &json) }
                })
        }
        json.key("actions")
        json.array { json in
            for action in actions { action.write(to: &json, secrets: secrets) }
        }
        json.member("retry", retry)
        json.member("ordering", ordering.rawValue)
        json.member("priority", priority)
        json.member("timeout_ms", timeout)
        json.member("max_parallelism", maximumParallelism)
        json.member("on_failure", onFailure.rawValue)
        json.member("enabled", isEnabled)
    }

    /// The definition as the table keeps it.
    var stored: [UInt8] {
        var json = JSONWriter(capacity: 1_024)
        json.object { json in
            writeMembers(to: &json, secrets: .shown)
            json.member("next_action_number", nextActionNumber)
        }
        return json.bytes
    }

    /// A definition from the table.
    static func read(stored bytes: [UInt8]) throws -> ObserverDefinition {
        try JSONFields.read(JSONParser.parse(bytes)) { ObserverDefinition(&$0, isStored: true) }
    }
}

/// Whether secrets are written or hidden.
enum SecretDisplay {
    /// Only in the table of observers.
    case shown
    /// In answers, logs and the change log.
    case masked

    /// A secret as it is written; one that stands in the environment is no secret itself.
    func text(_ secret: String) -> String {
        switch self {
        case .shown: secret
        case .masked: secret.hasPrefix(Secret.environmentPrefix) ? secret : Secret.mask
        }
    }
}

/// Texts that must not be seen.
enum Secret {
    /// `env:NAME` stands for the variable of the server's environment.
    static let environmentPrefix = "env:"
    /// What stands for a secret where it is not shown. Sent back in an update, it keeps the secret.
    static let mask = "***"
}
