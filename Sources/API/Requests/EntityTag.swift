import Core
import HTTPTypes

/// The version of a thing as an entity tag (RFC 9110, section 8.8.3): the number in quotes.
enum EntityTag {
    static func text(_ version: Int64) -> String { "\"\(version)\"" }

    /// The version in `If-Match`, or nil without one.
    ///
    /// A weak tag counts like a strong one: proxies that compress weaken tags, and the number means the same in both.
    ///
    /// - throws: ``Failure`` `malformed_if_match` when the field is no single entity tag, `version_mismatch` when its
    ///   tag cannot be that of any version.
    static func expectedVersion(_ headers: RequestHeaders) throws -> Int64? {
        guard let field = headers[.ifMatch] else { return nil }
        guard let tag = opaque(field) else {
            throw Failure(
                .malformed, code: "malformed_if_match",
                "If-Match takes one ETag as a response gave it, for example \"3\".")
        }
        guard let version = Int64(tag), version > 0 else {
            throw Failure(
                .preconditionFailed, code: "version_mismatch", "No version has this ETag. Read the thing again.")
        }
        return version
    }

    /// Whether `If-None-Match` names a tag (RFC 9110, section 13.1.2: weak comparison).
    static func isNamed(_ tag: String, inIfNoneMatch field: String) -> Bool {
        field.split(separator: ",").contains { candidate in
            let trimmed = candidate.drop { $0 == " " }
            return trimmed == "*" || opaque(String(trimmed)) == opaque(tag)
        }
    }

    /// What stands between the quotes of one tag.
    private static func opaque(_ field: String) -> Substring? {
        var rest = field[...]
        while rest.last == " " { rest.removeLast() }
        if rest.hasPrefix("W/") { rest.removeFirst(2) }
        guard rest.count >= 2, rest.first == "\"", rest.last == "\"" else { return nil }
        let inner = rest.dropFirst().dropLast()
        return inner.contains("\"") ? nil : inner
    }
}
