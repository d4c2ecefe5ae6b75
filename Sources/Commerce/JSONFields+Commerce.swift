import Core

/// What several resources read in the same way.
extension JSONFields {
    /// A member of a patch that may change but not go.
    mutating func notNull<T: Sendable>(_ name: String, _ read: (inout JSONFields, String) -> T?) -> T? {
        switch patch(name, read) {
        case .keep: return nil
        case .set(let value): return value
        case .remove:
            reject(name, "This member may not be null.")
            return nil
        }
    }

    /// A sku: text without spaces around it.
    mutating func optionalSKU(_ name: String) -> String? {
        guard let text = optionalString(name, length: CatalogLimits.sku) else { return nil }
        if text.first?.isWhitespace == true || text.last?.isWhitespace == true || text.contains(where: \.isNewline) {
            reject(name, "A sku has no spaces around it and no line breaks.")
        }
        return text
    }
}

extension Failure {
    /// Several wrong values in the body.
    static func invalid(_ errors: [FieldError]) -> Failure {
        Failure(
            .invalid, code: "invalid_request", "The request has values that are not acceptable; see errors.",
            errors: errors)
    }
}
