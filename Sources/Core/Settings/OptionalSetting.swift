/// The value of a setting that may be empty: the address of a server, for example, where there need not be one.
public struct OptionalSetting<Value: SettingText>: SettingValue {
    /// What it says; nil when it is empty.
    public let value: Value?
    public let text: String

    /// The empty one.
    public static var none: Self { Self(nil, text: "") }

    private init(_ value: Value?, text: String) {
        self.value = value
        self.text = text
    }

    public init?(text: String) {
        if text.isEmpty {
            self = .none
        } else {
            guard let value = try? Value(text) else { return nil }
            self.init(value, text: text)
        }
    }

    public static var kind: String { "empty or \(Value.forms)" }
    public static func < (left: Self, right: Self) -> Bool { left.text < right.text }
    public static func == (left: Self, right: Self) -> Bool { left.text == right.text }
}

/// What is read from a text that has one of a few forms.
public protocol SettingText: Sendable {
    /// The forms, for messages.
    static var forms: String { get }

    /// Reads it from a text.
    ///
    /// - throws: ``Failure`` that says what would be right.
    init(_ text: String) throws(Failure)
}
