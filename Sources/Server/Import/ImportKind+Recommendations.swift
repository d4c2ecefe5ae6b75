public import Core

extension ImportKind {
    static let entityFields: [ImportField] = [
        .init("entity_id", .text, "the id, by which an entity is found again"),
        .init("entity_type", .text, "what it is; without one, what --entity-type says"),
        .init("available", .flag, "whether it may be recommended"),
        .init("attributes", .object, "what is known of it, a JSON object"),
        .init("attributes.*", .text, "a fact under its name, as text"),
        .init("numbers.*", .number, "a fact that is a number"), .init("flags.*", .flag, "a fact that is true or false"),
        .init("lists.*", .parts, "a fact of several texts, separated by |"),
    ]

    static let interactionFields: [ImportField] = [
        .init("user_id", .text, "who did it"), .init("entity_id", .text, "with what"),
        .init("entity_type", .text, "what that is; without one, what --entity-type says"),
        .init("interaction_type", .textOrObject, #"what was done, such as view, or {"rating": 4}"#),
        .init("rating", .number, "how many stars it was given, in place of interaction_type"),
        .init("weight", .number, "how much it says, in place of what its type is worth"),
        .init("timestamp", .time, "when it was; without one, see --start"),
        .init("unix_seconds", .unixSeconds, "when it was, in seconds since 1970"),
        .init("unix_milliseconds", .unixMilliseconds, "when it was, in milliseconds since 1970"),
        .init("metadata", .object, "what else there is to say, a JSON object of texts"),
        .init("metadata.*", .text, "what else there is to say under a name"),
        .init("recommendation_id", .text, "the recommendation that it followed from"),
    ]
}

/// What is said of entities and interactions besides their rows.
public struct RecommendationDefaults: Sendable {
    /// What is an entity of which no row says it.
    public var entityType = "product"
    /// Whether interactions bring entities along that are not known.
    public var createsEntities = false
    /// When the first of the interactions was that do not say it, each a microsecond after the one before; nil is when
    /// the file was changed.
    public var start: Timestamp?

    /// What holds when nothing is said.
    public init() {}

    /// Says when the first of the interactions was that do not say it.
    ///
    /// - returns: whether the text is a date or a time.
    public mutating func begin(at text: String) -> Bool {
        guard let moment = Timestamp(text) ?? Timestamp(text + "Z") else { return false }
        start = moment
        return true
    }

    /// Adds to a row what follows from the rest of it.
    ///
    /// - parameter number: which row it is, from 1.
    func complete(_ row: JSONObject, _ kind: ImportKind, number: Int) throws -> JSONObject {
        // These stand in a file that was exported.
        var row = JSONObject(row.members.filter { !["id", "tenant_id", "created_at", "updated_at"].contains($0.name) })
        for name in ["user_id", "entity_id"] {
            if case .number(let text)? = row[name] { row = row.setting(name, .string(text)) }
        }
        if row["entity_type"] == nil { row = row.setting("entity_type", .string(entityType)) }
        return kind == .entities ? row.gatheringAttributes() : try dated(try row.withKind(), number)
    }

    private func dated(_ row: JSONObject, _ number: Int) throws -> JSONObject {
        let times = row.members.filter { ["timestamp", "unix_seconds", "unix_milliseconds"].contains($0.name) }
        guard times.count <= 1 else { throw RowProblem("timestamp: more than one column says when it was") }
        var row = JSONObject(row.members.filter { $0.name != times.first?.name })
        if let time = times.first, time.value != .null {
            row = row.setting("timestamp", time.value)
        } else {
            guard let start else {
                throw Failure(
                    .invalid, code: "start_missing",
                    "A row does not say when it was, and standard input does not say it either. Give --start, so that "
                        + "a second run writes nothing again.")
            }
            let time = Timestamp(microseconds: start.microseconds + Int64(number))
            row = row.setting("timestamp", .string(time.description))
        }
        return createsEntities ? row.setting("create_entity", .bool(true)) : row
    }
}

extension JSONObject {
    /// Facts of one kind become attributes.
    fileprivate func gatheringAttributes() -> JSONObject {
        let sources = ["attributes", "numbers", "flags", "lists"]
        var attributes: [JSONObject.Member] = []
        for name in sources {
            switch self[name] {
            case .object(let object)?: attributes += object.members
            case nil, .null?: continue
            // What is none is the server's to refuse.
            case _?: return self
            }
        }
        let rest = JSONObject(members.filter { !sources.contains($0.name) })
        return rest.setting("attributes", .object(JSONObject(attributes)))
    }

    /// A rating is a type of its own.
    fileprivate func withKind() throws -> JSONObject {
        guard let rating = self["rating"] else { return self }
        guard self["interaction_type"] == nil else {
            throw RowProblem("rating: interaction_type says already what was done")
        }
        let kind = JSONValue.object(JSONObject([.init("rating", rating)]))
        return JSONObject(members.filter { $0.name != "rating" }).setting("interaction_type", kind)
    }
}
