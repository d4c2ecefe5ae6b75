import Core

/// Reads conditions on a field.
extension PayloadFilterReader {
    private static let operations = [
        "match", "range", "geo_bounding_box", "geo_radius", "geo_polygon", "values_count", "is_empty", "is_null",
    ]

    mutating func fieldCondition(_ json: JSONValue, at pointer: String) -> PayloadCondition? {
        guard let object = object(json, at: pointer, Self.operations + ["key"]) else { return nil }
        let path = path(object["key"], at: "\(pointer)/key")
        let given = object.members.filter { $0.name != "key" && !$0.value.isNull }
        guard let operation = given.first, given.count == 1 else {
            return note(pointer, "Exactly one of \(Self.list(Self.operations)) is expected beside the key.")
        }
        let test = test(operation.name, operation.value, at: "\(pointer)/\(operation.name)")
        guard let path, let test else { return nil }
        return .field(path, test)
    }

    private mutating func test(_ name: String, _ operand: JSONValue, at pointer: String) -> PayloadTest? {
        switch name {
        case "match": return match(operand, at: pointer)
        case "range": return range(operand, at: pointer)
        case "values_count": return count(operand, at: pointer)
        case "geo_radius", "geo_bounding_box": return roundOrBox(name, operand, at: pointer)
        case "geo_polygon": return polygon(operand, at: pointer)
        default:
            guard case .bool(let flag) = operand else {
                return note(pointer, "true or false is expected, not \(operand.kind).")
            }
            return name == "is_empty" ? .isEmpty(flag) : .isNull(flag)
        }
    }

    // MARK: match

    private mutating func match(_ json: JSONValue, at pointer: String) -> PayloadTest? {
        let names = ["value", "any", "except", "text", "text_any", "phrase", "prefix", "substring"]
        guard let object = object(json, at: pointer, names) else { return nil }
        guard let member = object.members.first, object.members.count == 1 else {
            return note(pointer, "Exactly one of \(Self.list(names)) is expected.")
        }
        let place = "\(pointer)/\(member.name)"
        switch member.name {
        case "value": return scalar(member.value, at: place).map { .match($0) }
        case "any": return values(member.value, at: place).map { .any($0) }
        case "except": return values(member.value, at: place).map { .except($0) }
        default: break
        }
        return textMatch(member.name, member.value, at: place)
    }

    private mutating func textMatch(_ name: String, _ json: JSONValue, at pointer: String) -> PayloadTest? {
        let limit = name == "substring" ? PayloadFilter.substringLimit : PayloadFilter.textLimit
        guard let text = text(json, at: pointer, limit: limit) else { return nil }
        switch name {
        case "text": return words(WordTest(text, .all), at: pointer)
        case "text_any": return words(WordTest(text, .any), at: pointer)
        case "phrase": return words(WordTest(text, .phrase), at: pointer)
        case "prefix": return .prefix(Array(text.utf8))
        default: return .substring(Array(text.utf8))
        }
    }

    private mutating func words(_ test: WordTest, at pointer: String) -> PayloadTest? {
        guard test.words.count <= PayloadFilter.wordLimit else {
            return note(pointer, "The text may have \(PayloadFilter.wordLimit) words at most.")
        }
        return .text(test)
    }

    private mutating func scalar(_ json: JSONValue, at pointer: String) -> PayloadScalar? {
        switch json {
        case .string: return text(json, at: pointer).map { .text($0) }
        case .bool(let flag): return .bool(flag)
        case .number(let text):
            if let integer = Int64(text) { return .integer(integer) }
            return note(pointer, "A number is matched as a whole one of 64 bits; use range for others.")
        default: return note(pointer, "A text, a whole number, true or false is expected, not \(json.kind).")
        }
    }

    private mutating func values(_ json: JSONValue, at pointer: String) -> PayloadValues? {
        guard let elements = array(json, at: pointer) else { return nil }
        var texts: [String] = []
        var integers: [Int64] = []
        for (index, element) in elements.enumerated() {
            switch element {
            case .string:
                guard let text = text(element, at: "\(pointer)/\(index)") else { return nil }
                texts.append(text)
            case .number(let text):
                guard let integer = Int64(text) else { fallthrough }
                integers.append(integer)
            default: return note("\(pointer)/\(index)", "Texts or whole numbers of 64 bits are expected.")
            }
        }
        guard texts.isEmpty || integers.isEmpty else {
            return note(pointer, "All values must be texts, or all of them whole numbers.")
        }
        return integers.isEmpty ? PayloadValues(texts) : PayloadValues(integers)
    }

    // MARK: Bounds

    private mutating func range(_ json: JSONValue, at pointer: String) -> PayloadTest? {
        guard let object = object(json, at: pointer, ["gt", "gte", "lt", "lte"]) else { return nil }
        let isOfTimes = object.members.contains { if case .string = $0.value { true } else { false } }
        guard isOfTimes else {
            let (gt, gte, lt, lte) = bounds { $0.number($1, of: object, at: pointer) }
            return .range(NumberRange(gt: gt, gte: gte, lt: lt, lte: lte))
        }
        let (gt, gte, lt, lte) = bounds { $0.time($1, of: object, at: pointer) }
        return .times(TimeRange(gt: gt, gte: gte, lt: lt, lte: lte))
    }

    /// Reads each bound by its name.
    private mutating func bounds<Value>(
        _ read: (inout Self, _ name: String) -> Value?
    ) -> (gt: Value?, gte: Value?, lt: Value?, lte: Value?) {
        (read(&self, "gt"), read(&self, "gte"), read(&self, "lt"), read(&self, "lte"))
    }

    private mutating func time(_ name: String, of object: JSONObject, at pointer: String) -> Timestamp? {
        guard let value = object[name], !value.isNull else { return nil }
        if case .string(let text) = value, let moment = PayloadTime.parse(text) { return moment }
        return note("\(pointer)/\(name)", "A time is expected, for example 2026-11-21T09:30:00Z or 2026-11-21.")
    }

    private mutating func count(_ json: JSONValue, at pointer: String) -> PayloadTest? {
        guard let object = object(json, at: pointer, ["gt", "gte", "lt", "lte"]) else { return nil }
        guard object.members.contains(where: { !$0.value.isNull }) else {
            return note(pointer, "At least one of gt, gte, lt, lte is expected.")
        }
        let (gt, gte, lt, lte) = bounds { $0.wholeNumber($1, of: object, at: pointer) }
        return .count(CountRange(gt: gt, gte: gte, lt: lt, lte: lte))
    }

    private mutating func wholeNumber(_ name: String, of object: JSONObject, at pointer: String) -> Int64? {
        guard let value = object[name], !value.isNull else { return nil }
        if case .number(let text) = value, let number = Int64(text), number >= 0 { return number }
        return note("\(pointer)/\(name)", "A whole number from 0 is expected.")
    }

    // MARK: Areas

    private mutating func roundOrBox(_ name: String, _ json: JSONValue, at pointer: String) -> PayloadTest? {
        guard name == "geo_radius" else {
            guard let object = object(json, at: pointer, ["top_left", "bottom_right"]) else { return nil }
            let northWest = place(object["top_left"], at: "\(pointer)/top_left")
            let southEast = place(object["bottom_right"], at: "\(pointer)/bottom_right")
            guard let northWest, let southEast else { return nil }
            return .within(.box(northWest: northWest, southEast: southEast))
        }
        guard let object = object(json, at: pointer, ["center", "radius"]) else { return nil }
        let center = place(object["center"], at: "\(pointer)/center")
        guard case .number(let text) = object["radius"] ?? .null, let radius = Double(text), radius >= 0 else {
            return note("\(pointer)/radius", "A number of metres from 0 is expected.")
        }
        return center.map { .within(.circle(GeoCircle(center: $0, radius: radius))) }
    }

    private mutating func polygon(_ json: JSONValue, at pointer: String) -> PayloadTest? {
        guard let object = object(json, at: pointer, ["exterior", "interiors"]) else { return nil }
        let exterior = ring(object["exterior"] ?? .null, at: "\(pointer)/exterior")
        var interiors: [[GeoPoint]] = []
        if let given = object["interiors"], !given.isNull {
            guard let elements = array(given, at: "\(pointer)/interiors") else { return nil }
            for (index, element) in elements.enumerated() {
                if let ring = ring(element, at: "\(pointer)/interiors/\(index)") { interiors.append(ring) }
            }
        }
        return exterior.map { .within(.polygon(exterior: $0, interiors: interiors)) }
    }

    private mutating func ring(_ json: JSONValue, at pointer: String) -> [GeoPoint]? {
        guard let object = object(json, at: pointer, ["points"]),
            let elements = array(object["points"], at: "\(pointer)/points")
        else { return nil }
        var points: [GeoPoint] = []
        for (index, element) in elements.enumerated() {
            guard let point = place(element, at: "\(pointer)/points/\(index)") else { return nil }
            points.append(point)
        }
        guard points.count >= 4, points.first == points.last else {
            return note("\(pointer)/points", "A ring has at least four corners, and the last is the first again.")
        }
        return points
    }

    private mutating func place(_ json: JSONValue?, at pointer: String) -> GeoPoint? {
        guard let object = object(json ?? .null, at: pointer, ["lat", "lon"]) else { return nil }
        guard let point = GeoPoint(.object(object)), (-90...90).contains(point.latitude),
            (-180...180).contains(point.longitude)
        else { return note(pointer, "lat is a number from -90 to 90, lon one from -180 to 180.") }
        return point
    }
}
