public import Core

/// What a user did with an item, in the form in which clients say it: `"view"`, `{"rating": 4.5}` or
/// `{"custom": "wish_list"}`.
public enum InteractionKind: Sendable, Hashable, JSONEncodable {
    /// One by its name.
    case named(String)
    /// A number of stars, or of points: what it is worth is the number itself.
    case rating(Double)
    /// One by a name of the client's own.
    case custom(String)

    /// How long a name may be, in characters.
    public static let nameLength = 1...50
    /// What a rating may be.
    public static let ratings = 0.0...100.0

    /// The name under which its weight is kept.
    public var name: String {
        switch self {
        case .named(let name), .custom(let name): name
        case .rating: "rating"
        }
    }

    /// What it is worth where nobody has said otherwise.
    public var defaultWeight: Double {
        switch self {
        case .rating(let rating): rating
        case .named(let name): InteractionType.builtIn[name] ?? 1
        case .custom: 1
        }
    }

    /// Reads one of a table or of a request; nil when it is none.
    public init?(_ value: JSONValue) {
        switch value {
        case .string(let name) where Self.nameLength.contains(name.unicodeScalars.count): self = .named(name)
        case .object(let object) where object.members.count == 1:
            switch (object.members[0].name, object.members[0].value) {
            case ("custom", .string(let name)) where Self.nameLength.contains(name.unicodeScalars.count):
                self = .custom(name)
            case ("rating", .number(let text)):
                guard let rating = Double(text), Self.ratings.contains(rating) else { return nil }
                self = .rating(rating)
            default: return nil
            }
        default: return nil
        }
    }

    public func write(to json: inout JSONWriter) {
        switch self {
        case .named(let name): json.value(name)
        case .rating(let rating): json.object { $0.member("rating", rating) }
        case .custom(let name): json.object { $0.member("custom", name) }
        }
    }
}
