/// One setting of the server: what it is called, what it is worth, and what it moves.
///
/// Each room declares its settings as constants of this type; `Server` gathers them into one ``SettingsRegistry``.
/// There is no other way to a configured value, so a setting that nothing reads cannot exist unnoticed (DESIGN.md,
/// invariant 6).
public struct Setting<Value: SettingValue>: Sendable {
    /// The name in `millrace.yaml`, for example `storage.readers`; `MILLRACE_STORAGE_READERS` in the environment.
    public let name: String
    /// The value when nobody says otherwise.
    public let fallback: Value
    /// What a number counts: `bytes`, `ms`, `connections`; empty for text and flags.
    public let unit: String
    /// The smallest and largest value, for numbers.
    public let bounds: ClosedRange<Value>?
    /// The metric that the setting moves.
    public let moves: String
    /// What it does, in a sentence.
    public let summary: String
    /// Whether nobody is shown its value.
    public let isSecret: Bool

    /// A setting of a room.
    public init(
        _ name: String, default fallback: Value, unit: String = "", bounds: ClosedRange<Value>? = nil,
        moves: String, isSecret: Bool = false, _ summary: String
    ) {
        self.name = name
        self.fallback = fallback
        self.unit = unit
        self.bounds = bounds
        self.moves = moves
        self.summary = summary
        self.isSecret = isSecret
    }

    /// The setting without the type of its value, for a registry.
    public var erased: AnySetting {
        AnySetting(
            name: name, fallback: fallback.text, unit: unit,
            bounds: bounds.map { "\($0.lowerBound.text)..\($0.upperBound.text)" } ?? "", moves: moves,
            summary: summary, isSecret: isSecret, kind: Value.kind,
            problem: { text in
                guard let value = Value(text: text) else { return "is not \(Value.kind)" }
                if let bounds, !bounds.contains(value) {
                    let range = "\(bounds.lowerBound.text) to \(bounds.upperBound.text)"
                    return "must be from \(range)\(unit.isEmpty ? "" : " \(unit)")"
                }
                return nil
            })
    }
}

/// A type that a setting may have.
public protocol SettingValue: Sendable, Comparable {
    /// What it is, for messages: "a whole number".
    static var kind: String { get }
    /// Reads it from text. Returns nil when the text says something else.
    init?(text: String)
    /// The value as text that reads back.
    var text: String { get }
}

extension Int: SettingValue {
    public static var kind: String { "a whole number" }
    public init?(text: String) { self.init(text) }
    public var text: String { description }
}

extension String: SettingValue {
    public static var kind: String { "text" }
    public init?(text: String) { self = text }
    public var text: String { self }
}

/// A setting that is on or off.
public struct Flag: SettingValue {
    /// Whether it is on.
    public let isOn: Bool

    /// On or off.
    public init(_ isOn: Bool) { self.isOn = isOn }

    public static var kind: String { "true or false" }
    public init?(text: String) {
        guard let value = Bool(text) else { return nil }
        isOn = value
    }
    public var text: String { isOn.description }
    public static func < (left: Flag, right: Flag) -> Bool { !left.isOn && right.isOn }
}

/// A setting whose value has any type.
public struct AnySetting: Sendable {
    /// The name in `millrace.yaml`.
    public let name: String
    /// The value when nobody says otherwise, as text.
    public let fallback: String
    /// What a number counts.
    public let unit: String
    /// The bounds as text, empty when there are none.
    public let bounds: String
    /// The metric that the setting moves.
    public let moves: String
    /// What it does, in a sentence.
    public let summary: String
    /// Whether nobody is shown its value.
    public let isSecret: Bool
    /// What its value is: "a whole number".
    public let kind: String
    /// What is wrong with a text as its value, or nil when nothing is.
    public let problem: @Sendable (String) -> String?
}
