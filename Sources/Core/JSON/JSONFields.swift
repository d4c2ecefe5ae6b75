/// Reads the members of a JSON object into a typed value and gathers every error with its JSON pointer.
///
/// A reader method returns a stand-in value when a member is missing or wrong and notes the error; ``read(_:_:)``
/// throws all of them together at the end, so a client learns of everything at once. Members that nobody asked for are
/// errors.
///
///     let draft = try JSONFields.read(body) { fields in
///         Draft(sku: fields.string("sku", length: 1...64), quantity: fields.integer("quantity", in: 1...1_000_000))
///     }
public struct JSONFields {
    private let object: JSONObject
    private let pointer: String
    /// Which members of the object were asked for.
    private var seen: [Bool]
    private var errors: [Failure.FieldError] = []

    /// How many errors are reported at most; a thousand wrong rows need not all be named.
    static let errorLimit = 100

    private init(_ object: JSONObject, at pointer: String) {
        self.object = object
        self.pointer = pointer
        seen = Array(repeating: false, count: object.members.count)
    }

    /// Reads an object.
    ///
    /// - parameter pointer: where it stands in the request.
    /// - throws: ``Failure`` of kind `invalid`, code `invalid_request`, with each wrong member.
    public static func read<T>(
        _ value: JSONValue, at pointer: String = "", _ body: (inout JSONFields) throws -> T
    ) throws -> T {
        guard case .object(let object) = value else {
            throw Failure.invalid(at: pointer, "An object is expected, not \(value.kind).")
        }
        var fields = JSONFields(object, at: pointer)
        let result = try body(&fields)
        fields.noteUnknown()
        guard fields.errors.isEmpty else {
            throw Failure(
                .invalid, code: "invalid_request", "The request has values that are not acceptable; see errors.",
                errors: fields.errors)
        }
        return result
    }

    /// Notes an error at a member, for rules that the readers do not know.
    public mutating func reject(_ name: String, _ message: String) {
        note(Failure.FieldError(pointer: path(name), message: message))
    }

    /// A member of any value, or nil when there is none.
    public mutating func value(_ name: String) -> JSONValue? { member(name) }

    /// Takes a member of any value and does nothing with it.
    public mutating func ignore(_ name: String) { _ = member(name) }

    /// An object of any members, as it is; nil without an error for any other value, which is still to be read.
    public mutating func treeIfObject(_ name: String) -> JSONObject? {
        guard case .object(let tree) = object[name] else { return nil }
        _ = member(name)
        return tree
    }

    /// Whether the member is there, even as null.
    public func has(_ name: String) -> Bool { object[name] != nil }

    /// Notes an error when a member is missing.
    public mutating func require(_ name: String) {
        if !has(name) { reject(name, "This member is required.") }
    }

    /// Whether the member is not there, or null. One that is there and not acceptable is noted as that, not as missing.
    public func isMissing(_ name: String) -> Bool { object[name].map { $0 == .null } ?? true }

    /// Whether nothing wrong was found so far. Rules that relate several members apply only then.
    public var isValid: Bool { errors.isEmpty }

    // MARK: Members that must be there

    /// Text of a length in Unicode scalars, without control characters other than tab and line breaks.
    public mutating func string(_ name: String, length: ClosedRange<Int>) -> String {
        required(name, optionalString(name, length: length)) ?? ""
    }

    /// A whole number within bounds.
    public mutating func integer(_ name: String, in bounds: ClosedRange<Int64>) -> Int64 {
        required(name, optionalInteger(name, in: bounds)) ?? bounds.lowerBound
    }

    /// An identifier in its text form.
    public mutating func identifier(_ name: String) -> Identifier {
        required(name, optionalIdentifier(name)) ?? Identifier(high: 0, low: 0)
    }

    /// An array of objects, each read by the closure, of a length within bounds.
    public mutating func objects<T>(
        _ name: String, count: ClosedRange<Int>, _ element: (inout JSONFields) throws -> T
    ) rethrows -> [T] {
        required(name, try optionalObjects(name, count: count, element)) ?? []
    }

    /// One of the cases of an enumeration.
    public mutating func choice<T: RawRepresentable & CaseIterable>(_ name: String, _ type: T.Type) -> T?
    where T.RawValue == String {
        required(name, optionalChoice(name, type))
    }

    // MARK: Members that may be missing or null

    /// Text of a length in Unicode scalars, without control characters other than tab and line breaks.
    public mutating func optionalString(_ name: String, length: ClosedRange<Int>) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else { return wrong(name, "A string is expected, not \(value.kind).") }
        let count = Self.scalarCount(text)
        guard length.contains(count) else {
            return wrong(
                name, "The text must have \(length.lowerBound) to \(length.upperBound) characters, not \(count).")
        }
        guard !Self.hasControlCharacters(text) else {
            return wrong(name, "The text may not contain control characters.")
        }
        return text
    }

    /// A whole number within bounds. `2.0` and `2e0` are whole; a string is not a number.
    public mutating func optionalInteger(_ name: String, in bounds: ClosedRange<Int64>) -> Int64? {
        guard let value = take(name) else { return nil }
        guard case .number(let text) = value else { return wrong(name, "A number is expected, not \(value.kind).") }
        guard let number = Int64(text) ?? Decimal(text)?.exactly(digits: 0), bounds.contains(number) else {
            return wrong(name, "A whole number from \(bounds.lowerBound) to \(bounds.upperBound) is expected.")
        }
        return number
    }

    /// `true` or `false`.
    public mutating func optionalBool(_ name: String) -> Bool? {
        guard let value = take(name) else { return nil }
        guard case .bool(let flag) = value else { return wrong(name, "true or false is expected, not \(value.kind).") }
        return flag
    }

    /// An identifier in its text form.
    public mutating func optionalIdentifier(_ name: String) -> Identifier? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value, let identifier = Identifier(text) else {
            return wrong(name, "A UUID is expected, for example 0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11.")
        }
        return identifier
    }

    /// A moment in RFC 3339.
    public mutating func optionalTimestamp(_ name: String) -> Timestamp? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value, let moment = Timestamp(text) else {
            return wrong(name, "A time in RFC 3339 is expected, for example 2026-11-21T09:30:00Z.")
        }
        return moment
    }

    /// A currency by its ISO 4217 code.
    public mutating func optionalCurrency(_ name: String) -> Currency? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value, let currency = Currency(text) else {
            return wrong(name, "An ISO 4217 currency code in capitals is expected, for example USD.")
        }
        return currency
    }

    /// An amount, as a decimal string or a JSON number, read from its text. Negative amounts are errors.
    public mutating func optionalMoney(_ name: String, _ currency: Currency) -> Money? {
        guard let (text, _) = decimalText(name) else { return nil }
        guard let amount = Money(text, currency: currency), amount.minorUnits >= 0 else {
            return wrong(
                name,
                "An amount from 0 to ten trillion with at most \(currency.digits) decimals is expected, for example "
                    + "\"\(Money(stored: 5998, currency: currency))\".")
        }
        return amount
    }

    /// An exact decimal number, as a decimal string or a JSON number: an amount whose currency is not known yet.
    public mutating func optionalDecimal(_ name: String) -> Decimal? {
        guard let (text, _) = decimalText(name) else { return nil }
        guard let number = Decimal(text) else {
            return wrong(name, "A decimal number of at most 18 digits is expected, for example \"59.98\".")
        }
        return number
    }

    /// A rate from 0 to 10 with at most six decimals, as a decimal string or a JSON number.
    public mutating func optionalRate(_ name: String) -> Rate? {
        guard let (text, _) = decimalText(name) else { return nil }
        guard let rate = Rate(text) else {
            return wrong(name, "A rate from 0 to 10 with at most 6 decimals is expected, for example \"0.0875\".")
        }
        return rate
    }

    /// One of the cases of an enumeration.
    public mutating func optionalChoice<T: RawRepresentable & CaseIterable>(_ name: String, _ type: T.Type) -> T?
    where T.RawValue == String {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value, let choice = T(rawValue: text) else {
            return wrong(name, "One of \(T.allCases.map(\.rawValue).joined(separator: ", ")) is expected.")
        }
        return choice
    }

    /// An array of objects, each read by the closure, of a length within bounds.
    public mutating func optionalObjects<T>(
        _ name: String, count: ClosedRange<Int>, _ element: (inout JSONFields) throws -> T
    ) rethrows -> [T]? {
        guard let values = optionalArray(name, count: count) else { return nil }
        var results: [T] = []
        results.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            if let result = try nested(value, at: "\(path(name))/\(index)", element) { results.append(result) }
        }
        return results
    }

    /// An array of texts, each of a length within bounds and without control characters.
    public mutating func optionalStrings(
        _ name: String, count: ClosedRange<Int>, length: ClosedRange<Int>
    ) -> [String]? {
        guard let values = optionalArray(name, count: count) else { return nil }
        var results: [String] = []
        for (index, value) in values.enumerated() {
            if case .string(let text) = value, length.contains(Self.scalarCount(text)),
                !Self.hasControlCharacters(text)
            {
                results.append(text)
            } else {
                let range = "\(length.lowerBound) to \(length.upperBound)"
                let message = "A string of \(range) characters, none of them a control character, is expected."
                note(.init(pointer: "\(path(name))/\(index)", message: message))
            }
        }
        return results
    }

    /// An array of any values, as they are, of a length within bounds.
    public mutating func optionalValues(_ name: String, count: ClosedRange<Int>) -> [JSONValue]? {
        optionalArray(name, count: count)
    }

    /// An object, read by the closure.
    public mutating func optionalObject<T>(_ name: String, _ body: (inout JSONFields) throws -> T) rethrows -> T? {
        guard let value = take(name) else { return nil }
        return try nested(value, at: path(name), body)
    }

    /// An object of any members, as it is.
    public mutating func optionalTree(_ name: String) -> JSONObject? {
        guard let value = take(name) else { return nil }
        guard case .object(let object) = value else { return wrong(name, "An object is expected, not \(value.kind).") }
        return object
    }

    // MARK: Merge patches

    /// What a merge patch (RFC 7396) says of a member: nothing, that it goes, or its new value.
    ///
    ///     patch.notes = fields.patch("notes") { $0.optionalString($1, length: 0...2000) }
    public mutating func patch<T>(_ name: String, _ read: (inout JSONFields, String) -> T?) -> Patch<T> {
        guard let value = member(name) else { return .keep }
        if value == .null { return .remove }
        return read(&self, name).map(Patch.set) ?? .keep
    }

    // MARK: How it works

    private mutating func required<T>(_ name: String, _ value: T?) -> T? {
        if isMissing(name) { note(.init(pointer: path(name), message: "This member is required.")) }
        return value
    }

    /// How many Unicode scalars a text has: its bytes but for those that continue a scalar.
    private static func scalarCount(_ text: String) -> Int {
        text.utf8.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
    }

    /// Whether a text has control characters other than tab and line breaks.
    private static func hasControlCharacters(_ text: String) -> Bool {
        text.utf8.contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D || $0 == 0x7F }
    }

    /// The value of a member that is neither missing nor null.
    private mutating func take(_ name: String) -> JSONValue? {
        guard let value = member(name), value != .null else { return nil }
        return value
    }

    /// The value of a member, which counts as asked for from now on.
    private mutating func member(_ name: String) -> JSONValue? {
        guard let index = object.members.firstIndex(where: { $0.name == name }) else { return nil }
        seen[index] = true
        return object.members[index].value
    }

    private mutating func optionalArray(_ name: String, count: ClosedRange<Int>) -> [JSONValue]? {
        guard let value = take(name) else { return nil }
        guard case .array(let values) = value else { return wrong(name, "An array is expected, not \(value.kind).") }
        guard count.contains(values.count) else {
            return wrong(
                name, "The array must have \(count.lowerBound) to \(count.upperBound) elements, not \(values.count).")
        }
        return values
    }

    private mutating func decimalText(_ name: String) -> (String, isNumber: Bool)? {
        guard let value = take(name) else { return nil }
        switch value {
        case .number(let text): return (text, true)
        case .string(let text): return (text, false)
        default: return wrong(name, "A decimal string or a number is expected, not \(value.kind).")
        }
    }

    private mutating func nested<T>(
        _ value: JSONValue, at pointer: String, _ body: (inout JSONFields) throws -> T
    ) rethrows -> T? {
        guard case .object(let object) = value else {
            note(.init(pointer: pointer, message: "An object is expected, not \(value.kind)."))
            return nil
        }
        var fields = JSONFields(object, at: pointer)
        let result = try body(&fields)
        fields.noteUnknown()
        for error in fields.errors { note(error) }
        return result
    }

    private mutating func noteUnknown() {
        for (member, isSeen) in zip(object.members, seen) where !isSeen {
            reject(member.name, "There is no member of this name here.")
        }
    }

    private mutating func wrong<T>(_ name: String, _ message: String) -> T? {
        reject(name, message)
        return nil
    }

    private mutating func note(_ error: Failure.FieldError) {
        if errors.count < Self.errorLimit { errors.append(error) }
    }

    /// The JSON pointer of a member (RFC 6901, section 3).
    private func path(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else {
            return "\(pointer)/\(name)"
        }
        var escaped = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return "\(pointer)/\(escaped)"
    }
}
