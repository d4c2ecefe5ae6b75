public import Core

extension PayloadFilter {
    /// How deeply filters may stand within filters.
    public static let depthLimit = 16
    /// How many conditions a filter may have, with those of the filters within it.
    public static let conditionLimit = 1_024
    /// How many values, ids and corners of polygons a filter may have altogether.
    public static let valueLimit = 65_536
    /// How many bytes a text of a filter has at most.
    public static let textLimit = 16_384
    /// How many bytes a text has at most that is looked for within others.
    public static let substringLimit = 1_024
    /// How many words a text has at most that is looked for by its words.
    public static let wordLimit = 256

    /// Reads a filter from Qdrant's JSON.
    ///
    /// - parameters:
    ///   - json: an object with `must`, `should`, `must_not` and `min_should`, each of which may be missing or null.
    ///   - pointer: where it stands in the body of the request.
    ///   - ids: what `has_id` takes.
    /// - throws: ``Failure`` `invalid_request` with the JSON pointer of each value that is wrong, of each operator and
    ///   member that does not exist, and of what is beyond a limit.
    public init(_ json: JSONValue, at pointer: String = "", ids: PointKey.Form = .numberOrUUID) throws {
        var reader = PayloadFilterReader(ids: ids)
        let filter = reader.filter(json, at: pointer, depth: 1)
        try reader.checkErrors()
        self = filter
    }
}

/// Reads filters, and gathers what is wrong with them.
struct PayloadFilterReader {
    /// How many errors are reported at most.
    private static let errorLimit = 100

    let ids: PointKey.Form
    private var errors: [Failure.FieldError] = []
    private var conditions = 0
    private var values = 0

    init(ids: PointKey.Form) { self.ids = ids }

    func checkErrors() throws {
        guard errors.isEmpty else {
            throw Failure(
                .invalid, code: "invalid_request", "The request has values that are not acceptable; see errors.",
                errors: errors)
        }
    }

    mutating func filter(_ json: JSONValue, at pointer: String, depth: Int) -> PayloadFilter {
        guard depth <= PayloadFilter.depthLimit else {
            note(pointer, "Filters may stand within filters \(PayloadFilter.depthLimit) levels deep at most.")
            return PayloadFilter()
        }
        guard let object = object(json, at: pointer, ["must", "should", "must_not", "min_should"]) else {
            return PayloadFilter()
        }
        var filter = PayloadFilter()
        filter.must = clause("must", of: object, at: pointer, depth: depth)
        filter.should = clause("should", of: object, at: pointer, depth: depth)
        filter.mustNot = clause("must_not", of: object, at: pointer, depth: depth)
        if let atLeast = object["min_should"], !atLeast.isNull {
            filter.minShould = minShould(atLeast, at: "\(pointer)/min_should", depth: depth)
        }
        return filter
    }

    private mutating func minShould(_ json: JSONValue, at pointer: String, depth: Int) -> PayloadFilter.AtLeast? {
        guard let object = object(json, at: pointer, ["conditions", "min_count"]) else { return nil }
        let conditions = clause("conditions", of: object, at: pointer, depth: depth)
        if object["conditions"]?.isNull ?? true { note("\(pointer)/conditions", "This member is required.") }
        guard case .number(let text) = object["min_count"] ?? .null, let count = Int(text), count >= 1 else {
            note("\(pointer)/min_count", "A whole number from 1 is expected.")
            return nil
        }
        return PayloadFilter.AtLeast(count, of: conditions)
    }

    /// The conditions of a clause: an array, or a single one. None when the member is missing or null.
    private mutating func clause(
        _ name: String, of object: JSONObject, at pointer: String, depth: Int
    ) -> [PayloadCondition] {
        let place = "\(pointer)/\(name)"
        switch object[name] ?? .null {
        case .null: return []
        case .array(let elements):
            var conditions: [PayloadCondition] = []
            for (index, element) in elements.enumerated() {
                guard self.conditions < PayloadFilter.conditionLimit else {
                    note(place, "A filter may have \(PayloadFilter.conditionLimit) conditions at most.")
                    break
                }
                if let condition = condition(element, at: "\(place)/\(index)", depth: depth) {
                    conditions.append(condition)
                }
            }
            return conditions
        case let single: return condition(single, at: place, depth: depth).map { [$0] } ?? []
        }
    }

    private mutating func condition(_ json: JSONValue, at pointer: String, depth: Int) -> PayloadCondition? {
        conditions += 1
        guard case .object(let members) = json else {
            note(pointer, "A condition is an object, not \(json.kind).")
            return nil
        }
        for operation in ["has_id", "has_vector", "nested", "slice"] {
            guard let operand = members[operation] else { continue }
            guard object(json, at: pointer, [operation]) != nil else { return nil }
            return pointCondition(operation, operand, at: "\(pointer)/\(operation)", depth: depth)
        }
        if members["key"] != nil { return fieldCondition(json, at: pointer) }
        for operation in ["is_empty", "is_null"] {
            guard let operand = members[operation] else { continue }
            guard object(json, at: pointer, [operation]) != nil else { return nil }
            guard let field = object(operand, at: "\(pointer)/\(operation)", ["key"]),
                let path = path(field["key"], at: "\(pointer)/\(operation)/key")
            else { return nil }
            return .field(path, operation == "is_empty" ? .isEmpty(true) : .isNull(true))
        }
        return .filter(filter(json, at: pointer, depth: depth + 1))
    }

    private mutating func pointCondition(
        _ operation: String, _ operand: JSONValue, at pointer: String, depth: Int
    ) -> PayloadCondition? {
        switch operation {
        case "has_id": return ids(operand, at: pointer).map { .hasID($0) }
        case "has_vector": return text(operand, at: pointer).map { .hasVector($0) }
        case "slice":
            guard let object = object(operand, at: pointer, ["total", "index"]) else { return nil }
            guard case .number(let total) = object["total"] ?? .null, let total = Int64(total),
                case .number(let index) = object["index"] ?? .null, let index = Int64(index),
                let slice = PointSlice(index: index, of: total)
            else {
                return note(pointer, "total is a whole number from 1, and index one from 0 that is less than total.")
            }
            return .slice(slice)
        default:
            guard let object = object(operand, at: pointer, ["key", "filter"]) else { return nil }
            let path = path(object["key"], at: "\(pointer)/key")
            let filter = filter(object["filter"] ?? .null, at: "\(pointer)/filter", depth: depth + 1)
            return path.map { .nested($0, filter) }
        }
    }

    private mutating func ids(_ json: JSONValue, at pointer: String) -> Set<PointKey>? {
        guard let elements = array(json, at: pointer) else { return nil }
        var keys: Set<PointKey> = []
        for (index, element) in elements.enumerated() {
            if let key = PointKey(element, ids) {
                keys.insert(key)
            } else {
                switch ids {
                case .numberOrUUID: note("\(pointer)/\(index)", "An id is a whole number from 0 or a UUID.")
                case .text: note("\(pointer)/\(index)", "An id is a text of 1 to \(PointKey.textLimit) bytes.")
                }
            }
        }
        return keys
    }
}

// MARK: What the parts have in common

extension PayloadFilterReader {
    /// Notes an error. What it returns stands for the value that there is not.
    mutating func note<T>(_ pointer: String, _ message: String) -> T? {
        if errors.count < Self.errorLimit { errors.append(.init(pointer: pointer, message: message)) }
        return nil
    }

    mutating func note(_ pointer: String, _ message: String) {
        if errors.count < Self.errorLimit { errors.append(.init(pointer: pointer, message: message)) }
    }

    /// An object of members that are known. Others are noted.
    mutating func object(_ json: JSONValue, at pointer: String, _ names: [String]) -> JSONObject? {
        guard case .object(let object) = json else {
            return note(pointer, "An object is expected, not \(json.kind).")
        }
        let unknown = object.members.filter { !names.contains($0.name) }
        for member in unknown {
            let escaped = member.name.replacing("~", with: "~0").replacing("/", with: "~1")
            note("\(pointer)/\(escaped)", "There is no member of this name here. Known are \(Self.list(names)).")
        }
        return unknown.isEmpty ? object : nil
    }

    /// The elements of an array, which count as values.
    mutating func array(_ json: JSONValue?, at pointer: String) -> [JSONValue]? {
        guard case .array(let elements) = json ?? .null else {
            return note(pointer, "An array is expected, not \((json ?? .null).kind).")
        }
        values += elements.count
        guard values <= PayloadFilter.valueLimit else {
            return note(pointer, "A filter may have \(PayloadFilter.valueLimit) values at most.")
        }
        return elements
    }

    mutating func text(
        _ json: JSONValue, at pointer: String, limit: Int = PayloadFilter.textLimit
    ) -> String? {
        guard case .string(let text) = json else { return note(pointer, "A text is expected, not \(json.kind).") }
        guard text.utf8.count <= limit else { return note(pointer, "The text may have \(limit) bytes at most.") }
        return text
    }

    mutating func path(_ json: JSONValue?, at pointer: String) -> PayloadPath? {
        guard case .string(let text) = json ?? .null, let path = PayloadPath(parsing: text) else {
            return note(pointer, PayloadPath.remedy)
        }
        return path
    }

    /// A member that is a number, or nil when it is missing or null.
    mutating func number(_ name: String, of object: JSONObject, at pointer: String) -> Double? {
        switch object[name] ?? .null {
        case .null: return nil
        case .number(let text): return Double(text) ?? .infinity
        case let other: return note("\(pointer)/\(name)", "A number is expected, not \(other.kind).")
        }
    }

    static func list(_ names: [String]) -> String { names.sorted().joined(separator: ", ") }
}
