/// A setting whose value is one of a few words: an enumeration whose raw values are the words.
public protocol SettingChoice: SettingValue, RawRepresentable, CaseIterable where RawValue == String {}

extension SettingChoice {
    public static var kind: String { "one of \(allCases.map(\.rawValue).joined(separator: ", "))" }
    public init?(text: String) { self.init(rawValue: text) }
    public var text: String { rawValue }

    /// Choices compare by their place in the enumeration.
    public static func < (left: Self, right: Self) -> Bool {
        let words = allCases.map(\.rawValue)
        return words.firstIndex(of: left.rawValue) ?? 0 < words.firstIndex(of: right.rawValue) ?? 0
    }
}
