import Core
import Memories
import Search

/// Which points an update is for: some ids, or all that fit a filter.
enum QdrantSelection: Sendable {
    case keys([PointKey])
    case filter(PayloadFilter)

    /// How many ids a request may have.
    static let keyLimit = 100_000

    /// Reads `points` or `filter`.
    init(_ fields: inout JSONFields) throws {
        fields.ignore("shard_key")
        if let values = fields.optionalValues("points", count: 1...Self.keyLimit) {
            self = .keys(try Self.keys(values, at: "/points"))
            fields.ignore("filter")
        } else if let filter = fields.treeIfObject("filter") {
            self = .filter(try PayloadFilter(.object(filter), at: "/filter"))
        } else {
            let isWrong = !fields.isMissing("filter")
            fields.ignore("filter")
            if isWrong { fields.reject("filter", "An object is expected.") }
            if fields.isValid { fields.reject("points", "Points are expected: send points, or a filter.") }
            self = .keys([])
        }
    }

    /// Ids in their order, each once.
    static func keys(_ values: [JSONValue], at pointer: String) throws -> [PointKey] {
        var keys: [PointKey] = []
        var seen: Set<PointKey> = []
        for (index, value) in values.enumerated() {
            let key = try key(value, at: "\(pointer)/\(index)")
            if seen.insert(key).inserted { keys.append(key) }
        }
        return keys
    }

    /// An id.
    static func key(_ value: JSONValue, at pointer: String) throws -> PointKey {
        guard let key = PointKey(value, .numberOrUUID) else {
            throw Failure.invalid(at: pointer, "A whole number from 0 or a UUID is expected.")
        }
        return key
    }
}

extension JSONFields {
    /// The member `filter`, or nil when it is missing or null.
    mutating func optionalFilter() throws -> PayloadFilter? {
        guard let value = value("filter"), value != .null else { return nil }
        return try PayloadFilter(value, at: "/filter")
    }
}

/// What is shown of the payload of a point.
struct QdrantPayloadSelection: Sendable {
    private enum Kind {
        case none, all
        case include([PayloadPath])
        case exclude([PayloadPath])
    }

    private let kind: Kind

    /// Reads `with_payload`: a flag, paths, or an object with `include` or `exclude`.
    init(_ value: JSONValue?, default isShown: Bool, at pointer: String = "/with_payload") throws {
        switch value {
        case nil, .null: kind = isShown ? .all : .none
        case .bool(let flag): kind = flag ? .all : .none
        case .array(let values): kind = .include(try Self.paths(values, at: pointer))
        case .object(let object):
            if case .array(let values) = object["include"] {
                kind = .include(try Self.paths(values, at: pointer + "/include"))
            } else if case .array(let values) = object["exclude"] {
                kind = .exclude(try Self.paths(values, at: pointer + "/exclude"))
            } else {
                throw Failure.invalid(at: pointer, "include or exclude is expected, with paths.")
            }
        default: throw Failure.invalid(at: pointer, "true, false, paths, or an object of them is expected.")
        }
    }

    /// How many paths may be shown or left out.
    private static let pathLimit = 1_000

    private static func paths(_ values: [JSONValue], at pointer: String) throws -> [PayloadPath] {
        guard values.count <= pathLimit else {
            throw Failure.invalid(at: pointer, "At most \(pathLimit) paths are expected.")
        }
        return try values.enumerated().map { index, value in
            guard case .string(let text) = value else {
                throw Failure.invalid(at: "\(pointer)/\(index)", "A path of a payload is expected.")
            }
            return try PayloadPath(text, at: "\(pointer)/\(index)")
        }
    }

    /// Whether anything is shown.
    var isShown: Bool { if case .none = kind { false } else { true } }

    /// Writes the member `payload`.
    func write(_ point: Point, to json: inout JSONWriter) throws {
        switch kind {
        case .none: break
        case .all: json.member("payload", raw: point.payload)
        case .include(let paths): json.member("payload", try point.payloadObject().including(paths))
        case .exclude(let paths):
            json.member("payload", paths.reduce(try point.payloadObject()) { $0.removing($1) })
        }
    }
}

/// What is shown of the vectors of a point.
struct QdrantVectorSelection: Sendable {
    /// Nil is all of them.
    private let names: Set<String>?
    /// Whether any is shown.
    let isShown: Bool

    /// All vectors.
    static let all = QdrantVectorSelection(names: nil)

    private init(names: Set<String>?) { (self.names, isShown) = (names, true) }

    /// Reads `with_vector`: a flag, or names.
    init(_ value: JSONValue?, at pointer: String = "/with_vector") throws {
        switch value {
        case nil, .null, .bool(false): (names, isShown) = ([], false)
        case .bool(true): (names, isShown) = (nil, true)
        case .string(let name): (names, isShown) = ([name], true)
        case .array(let values):
            names = Set(
                try values.map { value in
                    guard case .string(let name) = value else {
                        throw Failure.invalid(at: pointer, "Names of vectors are expected.")
                    }
                    return name
                })
            isShown = true
        default: throw Failure.invalid(at: pointer, "true, false or names of vectors are expected.")
        }
    }

    /// Refuses names that no vector of the collection has.
    func check(_ definition: CollectionDefinition, at pointer: String = "/with_vector") throws {
        for name in (names ?? []).sorted() { _ = try definition.requirePlace(of: name, at: pointer) }
    }

    /// Writes the member `vector`.
    func write(_ point: Point, _ definition: CollectionDefinition, to json: inout JSONWriter) {
        guard isShown, let vectors = point.vectors else { return }
        let shown = vectors.elements.filter { names?.contains(definition.vectors[$0.place].name) ?? true }
        if let only = shown.first, shown.count == 1, definition.vectors[only.place].name.isEmpty {
            json.member("vector", array: only.components)
            return
        }
        json.member(
            "vector",
            object: { json in
                for element in shown {
                    json.key(named: definition.vectors[element.place].name)
                    json.array(element.components)
                }
            })
    }
}
