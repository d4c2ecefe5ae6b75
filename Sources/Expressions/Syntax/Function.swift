/// The functions of conditions. Those about fields that may be missing are operations of their own.
enum Function: String, Sendable, CaseIterable {
    case now
    case date
    case lower
    case upper
    case length
    case startsWith = "starts_with"
    case endsWith = "ends_with"
    case contains
    case coalesce
    case count
    case any
    case all
    case sum
    case hasField = "has_field"
    case fieldChanged = "field_changed"
    case fieldChangedTo = "field_changed_to"
    case fieldChangedFrom = "field_changed_from"

    /// How many arguments it takes.
    var arguments: ClosedRange<Int> {
        switch self {
        case .now: 0...0
        case .date, .lower, .upper, .length, .count, .hasField, .fieldChanged: 1...1
        case .startsWith, .endsWith, .contains, .any, .all, .fieldChangedTo, .fieldChangedFrom: 2...2
        case .sum: 1...2
        case .coalesce: 2...ConditionLimits.arguments
        }
    }

    /// Whether its second argument is asked of each element of the array that is its first.
    var looksAtElements: Bool { self == .any || self == .all || self == .sum }

    /// Whether its first argument is the name of a field, in quotes.
    var takesFieldName: Bool {
        switch self {
        case .hasField, .fieldChanged, .fieldChangedTo, .fieldChangedFrom: true
        default: false
        }
    }
}

/// How large a condition may be.
enum ConditionLimits {
    /// How many bytes the text of a condition may have.
    static let bytes = 4096
    /// How many levels may be nested.
    static let depth = 64
    /// How many arguments a function may have, and how many values a list.
    static let arguments = 32
}
