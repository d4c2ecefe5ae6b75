import Core

/// Why a value cannot go through a filter.
struct TemplateFault: Error {
    let reason: String
}

extension TemplateFilter {
    /// What the filter makes of a value. Null stays null, except for `default` and `json`.
    ///
    /// - parameter value: nil of a field that is missing, which only `default` takes.
    func apply(to value: JSONValue?) throws(TemplateFault) -> JSONValue? {
        switch (self, value) {
        case (.fallback(let text), nil), (.fallback(let text), .null?): return .string(text)
        case (.fallback, let value): return value
        case (_, nil): return nil
        case (.json, let value?): return .string(JSONText.of(value))
        case (_, .null?): return .null
        case (.join(let separator), let value?): return .string(try Self.joined(value, separator))
        case (.length, let value?): return .integer(try Self.length(value))
        case (_, let value?): return .string(try changed(try Self.text(value, for: name)))
        }
    }

    /// What the filters of texts make of a text.
    private func changed(_ text: String) throws(TemplateFault) -> String {
        switch self {
        case .fallback, .json, .join, .length: return text
        case .upper: return text.uppercased()
        case .lower: return text.lowercased()
        case .trim: return Self.trimmed(text)
        case .truncate(let count): return text.count <= count ? text : text.prefix(count - 1) + "…"
        case .url: return TemplateEscaping.url.escape(text)
        case .html: return TemplateEscaping.html.escape(text)
        case .base64: return Base64Text.of(text)
        case .replace(let old, let new):
            return text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
        case .date(let pattern):
            guard let time = Timestamp(text), let written = pattern.write(time) else {
                throw TemplateFault(reason: "date takes a time as 2026-01-31T09:30:00Z, not \"\(text.prefix(64))\"")
            }
            return written
        case .money(let currency):
            guard let amount = Decimal(text)?.rounded(digits: currency.digits) else {
                throw TemplateFault(reason: "money takes an amount, not \"\(text.prefix(64))\"")
            }
            return "\(ExactNumber(amount, scale: currency.digits)) \(currency.code)"
        }
    }

    /// The name of the filter, for messages.
    private var name: String {
        switch self {
        case .fallback: "default"
        case .upper: "upper"
        case .lower: "lower"
        case .trim: "trim"
        case .truncate: "truncate"
        case .json: "json"
        case .date: "date"
        case .money: "money"
        case .url: "url"
        case .html: "html"
        case .base64: "base64"
        case .length: "length"
        case .join: "join"
        case .replace: "replace"
        }
    }

    /// The text of a value that is no array or object.
    private static func text(_ value: JSONValue, for filter: String) throws(TemplateFault) -> String {
        switch value {
        case .array: throw TemplateFault(reason: "\(filter) does not take an array; join its elements first")
        case .object: throw TemplateFault(reason: "\(filter) does not take an object; name a member of it")
        default: return value.templateText
        }
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }

    private static func joined(_ value: JSONValue, _ separator: String) throws(TemplateFault) -> String {
        guard case .array(let values) = value else { throw TemplateFault(reason: "join takes an array") }
        return values.map(\.templateText).joined(separator: separator)
    }

    private static func length(_ value: JSONValue) throws(TemplateFault) -> Int {
        switch value {
        case .string(let text): return text.unicodeScalars.count
        case .array(let values): return values.count
        case .object(let object): return object.members.count
        case .null, .bool, .number: throw TemplateFault(reason: "length takes a text, an array or an object")
        }
    }
}

extension JSONValue {
    /// The value as it stands in a text: strings without quotes, null as nothing, arrays and objects as JSON.
    var templateText: String {
        switch self {
        case .null: ""
        case .bool(let value): value ? "true" : "false"
        case .number(let text), .string(let text): text
        case .array, .object: JSONText.of(self)
        }
    }
}
