public import Core

/// Reads the parameters of a query into typed values and gathers every error, as `JSONFields` does for a body.
///
/// Parameters that nobody asked for are errors. A parameter with an empty value counts as not given.
public struct QueryReader {
    private let query: QueryString
    private let fingerprint: UInt64
    private var seen: Set<String> = []
    private var errors: [Failure.FieldError] = []
    private var cursorFailure: Failure?

    private init(_ query: QueryString, fingerprint: UInt64) {
        self.query = query
        self.fingerprint = fingerprint
    }

    static func read<T>(
        _ query: QueryString, path: Substring, _ body: (inout QueryReader) throws -> T
    ) throws -> T {
        var reader = QueryReader(query, fingerprint: query.fingerprint(of: path))
        let result = try body(&reader)
        for parameter in query.parameters where !reader.seen.contains(parameter.name) {
            reader.reject(parameter.name, "There is no parameter of this name here.")
        }
        guard reader.errors.isEmpty else {
            throw Failure(
                .malformed, code: "invalid_query", "The query has parameters that are not acceptable; see errors.",
                errors: reader.errors)
        }
        if let failure = reader.cursorFailure { throw failure }
        return result
    }

    /// Notes an error at a parameter, for rules that the readers do not know.
    public mutating func reject(_ name: String, _ message: String) {
        errors.append(.init(pointer: "?\(name)", message: message))
    }

    /// Text of a length in Unicode scalars that must be there.
    public mutating func string(_ name: String, length: ClosedRange<Int>) -> String {
        if take(name) == nil { reject(name, "This parameter is required.") }
        return optionalString(name, length: length) ?? ""
    }

    /// Text of a length in Unicode scalars, without control characters.
    public mutating func optionalString(_ name: String, length: ClosedRange<Int>) -> String? {
        guard let text = take(name) else { return nil }
        let count = text.unicodeScalars.count
        guard length.contains(count) else {
            return wrong(
                name, "The text must have \(length.lowerBound) to \(length.upperBound) characters, not \(count).")
        }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            return wrong(name, "The text may not contain control characters.")
        }
        return text
    }

    /// Texts separated by commas, each of a length within bounds.
    public mutating func optionalStrings(
        _ name: String, count: ClosedRange<Int>, length: ClosedRange<Int>
    ) -> [String]? {
        guard let text = take(name) else { return nil }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard count.contains(parts.count), parts.allSatisfy({ length.contains($0.unicodeScalars.count) }) else {
            return wrong(
                name,
                "\(count.lowerBound) to \(count.upperBound) texts of \(length.lowerBound) to "
                    + "\(length.upperBound) characters are expected, separated by commas.")
        }
        return parts
    }

    /// A whole number within bounds.
    public mutating func optionalInteger(_ name: String, in bounds: ClosedRange<Int64>) -> Int64? {
        guard let text = take(name) else { return nil }
        guard let number = Int64(text), bounds.contains(number) else {
            return wrong(name, "A whole number from \(bounds.lowerBound) to \(bounds.upperBound) is expected.")
        }
        return number
    }

    /// `true` or `false`.
    public mutating func optionalBool(_ name: String) -> Bool? {
        guard let text = take(name) else { return nil }
        return Bool(text) ?? wrong(name, "true or false is expected.")
    }

    /// One of the cases of an enumeration.
    public mutating func optionalChoice<T: RawRepresentable & CaseIterable>(_ name: String, _ type: T.Type) -> T?
    where T.RawValue == String {
        guard let text = take(name) else { return nil }
        return T(rawValue: text)
            ?? wrong(name, "One of \(T.allCases.map(\.rawValue).joined(separator: ", ")) is expected.")
    }

    /// A moment in RFC 3339.
    public mutating func optionalTimestamp(_ name: String) -> Timestamp? {
        guard let text = take(name) else { return nil }
        return Timestamp(text) ?? wrong(name, "A time in RFC 3339 is expected, for example 2026-11-21T09:30:00Z.")
    }

    /// An identifier in its text form.
    public mutating func optionalIdentifier(_ name: String) -> Identifier? {
        guard let text = take(name) else { return nil }
        return Identifier(text)
            ?? wrong(name, "A UUID is expected, for example 0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11.")
    }

    /// The order of a list, from `sort_by` and `sort_order`, which is `asc` or `desc`.
    public mutating func sort<Key: RawRepresentable & CaseIterable>(
        _ keys: Key.Type, default key: Key, descending: Bool
    ) -> SortOrder<Key> where Key.RawValue == String {
        let key = optionalChoice("sort_by", keys) ?? key
        let direction = optionalChoice("sort_order", SortDirection.self)
        return SortOrder(key: key, isDescending: direction.map { $0 == .descending } ?? descending)
    }

    /// The part of a list that is wanted, from `limit`, `cursor`, `page` and `count`.
    public mutating func page() -> PageRequest {
        let limit = optionalInteger("limit", in: 1...Int64(PageRequest.maximumLimit)).map(Int.init)
        let size = limit ?? PageRequest.defaultLimit
        var after: [CursorValue]?
        if let text = take("cursor") {
            do {
                after = try Cursor.decode(text, fingerprint: fingerprint)
            } catch {
                cursorFailure = error as? Failure
            }
        }
        let number = optionalInteger("page", in: 1...Int64.max) ?? 1
        var offset = 0
        if number > 1 {
            let (rows, overflow) = (number - 1).multipliedReportingOverflow(by: Int64(size))
            if overflow || rows > Int64(PageRequest.offsetLimit) {
                reject(
                    "page",
                    "Pages reach \(PageRequest.offsetLimit) entries deep. "
                        + "Follow next_cursor with the parameter cursor to go on.")
            } else {
                offset = Int(rows)
            }
            if after != nil { reject("page", "Give either page or cursor.") }
        }
        let count = take("count")
        if let count, count != "exact" { reject("count", "The one value is exact.") }
        return PageRequest(limit: size, after: after, offset: offset, countsTotal: count == "exact")
    }

    private mutating func take(_ name: String) -> String? {
        seen.insert(name)
        return query[name]
    }

    private mutating func wrong<T>(_ name: String, _ message: String) -> T? {
        reject(name, message)
        return nil
    }
}

/// In which order a list stands.
public struct SortOrder<Key: Sendable>: Sendable {
    /// By what.
    public let key: Key
    /// Whether the greatest comes first.
    public let isDescending: Bool
}

extension SortOrder: Equatable where Key: Equatable {}

/// Which end of a list comes first.
private enum SortDirection: String, CaseIterable {
    case ascending = "asc"
    case descending = "desc"
}
