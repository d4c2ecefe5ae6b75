public import Core

/// Holds values against JSON Schemas (draft 2020-12) that stand in one document, as those of an OpenAPI document do.
///
/// It knows the keywords that our document uses, and reports any other as a mismatch, so that none is passed over in
/// silence. An object may have only those members that its schema names, unless that says otherwise: what a server
/// answers beside what it has promised is a promise that somebody forgot to write down.
public struct JSONSchema: Sendable {
    private let document: JSONValue

    /// Schemas whose references lead into a document.
    public init(in document: JSONValue) {
        self.document = document
    }

    /// What a local reference such as `#/components/schemas/Order` leads to; nil when nothing is there.
    public func target(of reference: String) -> JSONValue? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(document as JSONValue?) { value, name in
            value?[String(name).replacing("~1", with: "/").replacing("~0", with: "~")]
        }
    }

    /// What of a value does not fit a schema, each with a pointer into the value; empty when all fits.
    public func mismatches(of value: JSONValue, _ schema: JSONValue, at pointer: String = "") -> [String] {
        check(value, schema, pointer) + unnamedMembers(value, schema, pointer)
    }

    /// Everything but members that no schema names, because one of several that apply together may name them.
    private func check(_ value: JSONValue, _ schema: JSONValue, _ pointer: String) -> [String] {
        guard case .object(let keywords) = schema else { return ["\(pointer): the schema is no object"] }
        return keywords.members.flatMap { keyword in
            self.keyword(keyword.name, keyword.value, value, keywords).map { "\(pointer): \($0)" }
                + nested(keyword.name, keyword.value, value, pointer)
        }
    }

    /// What a keyword that looks at the value itself has to say.
    private func keyword(
        _ name: String, _ rule: JSONValue, _ value: JSONValue, _ schema: JSONObject
    ) -> [String] {
        switch name {
        case "type":
            let types = rule.string.map { [$0] } ?? rule.elements.compactMap(\.string)
            return types.contains(where: value.isOf) ? [] : ["\(value.text) is not of type \(rule.text)"]
        case "enum":
            return rule.elements.contains(value) ? [] : ["\(value.text) is none of \(rule.text)"]
        case "required":
            guard case .object(let object) = value else { return [] }
            return rule.elements.compactMap(\.string).filter { object[$0] == nil }.map { "\($0) is missing" }
        case "format": return format(rule.string ?? "", value)
        case "pattern": return pattern(rule.string ?? "", value)
        case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems":
            return bound(name, rule, value)
        case "properties", "items", "additionalProperties", "oneOf", "allOf", "$ref": return []
        case "description", "default", "example", "contentMediaType": return []
        default: return ["the keyword \(name) is not understood"]
        }
    }

    /// What a keyword that has schemas of its own has to say.
    private func nested(_ name: String, _ rule: JSONValue, _ value: JSONValue, _ pointer: String) -> [String] {
        switch (name, value) {
        case ("$ref", _):
            guard let reference = rule.string, let target = target(of: reference) else {
                return ["\(pointer): \(rule.text) leads nowhere"]
            }
            return check(value, target, pointer)
        case ("allOf", _): return rule.elements.flatMap { check(value, $0, pointer) }
        case ("oneOf", _):
            let results = rule.elements.map { mismatches(of: value, $0, at: pointer) }
            let count = results.count(where: \.isEmpty)
            if count > 1 { return ["\(pointer): \(value.text) fits \(count) schemas, where one is expected"] }
            return count == 1 ? [] : results.flatMap { $0 }
        case ("properties", .object(let object)):
            return rule.members.flatMap { property in
                object[property.name].map { mismatches(of: $0, property.value, at: "\(pointer)/\(property.name)") }
                    ?? []
            }
        case ("items", .array(let values)):
            return values.enumerated().flatMap { mismatches(of: $1, rule, at: "\(pointer)/\($0)") }
        default: return []
        }
    }

    /// The members that neither the schema nor what it is made of names, unless it allows any.
    private func unnamedMembers(_ value: JSONValue, _ schema: JSONValue, _ pointer: String) -> [String] {
        let parts = parts(of: schema)
        let names = Set(parts.flatMap { ($0["properties"] ?? .null).members.map(\.name) })
        let further = value.members.filter { !names.contains($0.name) }
        let rule = parts.compactMap { $0["additionalProperties"] }.first
        switch rule {
        case .bool(true): return []
        case .object: return further.flatMap { mismatches(of: $0.value, rule ?? .null, at: "\(pointer)/\($0.name)") }
        case nil where names.isEmpty: return []
        default: return further.map { "\(pointer): \($0.name) is not a member that the schema names" }
        }
    }

    /// A schema and those that apply together with it.
    private func parts(of schema: JSONValue) -> [JSONValue] {
        let target = schema["$ref"]?.string.flatMap(target)
        return [schema] + (target.map(parts) ?? []) + (schema["allOf"]?.elements.flatMap(parts) ?? [])
    }
}

extension JSONSchema {
    private func format(_ name: String, _ value: JSONValue) -> [String] {
        switch (name, value) {
        case ("uuid", .string(let text)): Identifier(text) == nil ? ["\(text) is no UUID"] : []
        case ("date-time", .string(let text)): Timestamp(text) == nil ? ["\(text) is no time in RFC 3339"] : []
        case ("int64", .number(let text)): Int64(text) == nil ? ["\(text) is no 64-bit integer"] : []
        case ("uuid", _), ("date-time", _), ("int64", _): []
        default: ["the format \(name) is not understood"]
        }
    }

    private func pattern(_ pattern: String, _ value: JSONValue) -> [String] {
        guard let text = value.string else { return [] }
        guard let regex = try? Regex(pattern) else { return ["the pattern \(pattern) cannot be read"] }
        return text.contains(regex) ? [] : ["\(text) does not match \(pattern)"]
    }

    private func bound(_ keyword: String, _ rule: JSONValue, _ value: JSONValue) -> [String] {
        let size: Double?
        switch (keyword.suffix(6), value) {
        case ("Length", .string(let text)): size = Double(text.unicodeScalars.count)
        case ("nItems", .array(let values)), ("xItems", .array(let values)): size = Double(values.count)
        case ("inimum", .number(let text)), ("aximum", .number(let text)): size = Double(text)
        default: size = nil
        }
        guard let size else { return [] }
        guard case .number(let text) = rule, let limit = Double(text) else { return ["\(keyword) is no number"] }
        let fits = keyword.hasPrefix("min") ? size >= limit : size <= limit
        return fits ? [] : ["\(value.text) breaks \(keyword) \(text)"]
    }
}

extension JSONValue {
    /// The value as JSON, for messages.
    fileprivate var text: String { String(decoding: JSONWriter.bytes(of: self), as: UTF8.self) }

    fileprivate func isOf(type: String) -> Bool {
        switch (type, self) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number(let text)): Double(text).map { $0 == $0.rounded() } ?? false
        default: false
        }
    }
}
