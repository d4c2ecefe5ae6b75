public import Core

/// An entity as the log or its table tells of it.
public struct FeedEntity: Sendable {
    private let object: JSONObject
    /// When it became so.
    public let changedAt: Timestamp

    private static let unknownTime = Timestamp(microseconds: 0)

    /// One of which nothing is known.
    public static let unknown = FeedEntity(JSONObject(), at: unknownTime)

    private init(_ object: JSONObject, at time: Timestamp) { (self.object, changedAt) = (object, time) }

    /// Reads what is told; what is no object tells nothing.
    ///
    /// - parameter time: when the change was made that tells of it; nil is what it says itself.
    public init(_ document: [UInt8], at time: Timestamp? = nil) throws {
        guard case .object(let object) = try JSONParser.parse(document) else {
            self.init(JSONObject(), at: time ?? Self.unknownTime)
            return
        }
        let unknown = FeedEntity(object, at: Self.unknownTime)
        self.init(object, at: time ?? unknown.time("updated_at") ?? Self.unknownTime)
    }

    /// A member as it stands there.
    public subscript(_ name: String) -> JSONValue? { object[name] }

    /// A member that is a text.
    public func text(_ name: String) -> String? {
        if case .string(let text)? = object[name] { text } else { nil }
    }

    /// A member that is a number.
    public func number(_ name: String) -> Double? {
        if case .number(let text)? = object[name] { Double(text) } else { nil }
    }

    /// A member that is a time.
    public func time(_ name: String) -> Timestamp? { text(name).flatMap { Timestamp($0) } }

    /// The objects of a list, each as a part that became so together with the entity.
    public func objects(_ name: String) -> [FeedEntity] {
        guard case .array(let elements)? = object[name] else { return [] }
        return elements.compactMap { element in
            if case .object(let object) = element { FeedEntity(object, at: changedAt) } else { nil }
        }
    }
}
