import Core

/// Users who have one value of an attribute in common.
struct UserSegment: Hashable, Sendable {
    /// Which attribute.
    let attribute: String
    /// Its value as text.
    let value: String

    /// Of how many segments a user is at most.
    static let limit = 8
    /// How long the value of one may be, in characters: longer texts are of one user.
    private static let valueLimit = 64

    /// The segments of a user with some attributes: one for each text and boolean, and for each text of a list. Numbers
    /// have too many values.
    static func segments(of attributes: JSONObject) -> [UserSegment] {
        var found: [UserSegment] = []
        for member in attributes.members {
            switch member.value {
            case .string(let text): found.append(UserSegment(attribute: member.name, value: text))
            case .bool(let value): found.append(UserSegment(attribute: member.name, value: value ? "true" : "false"))
            case .array(let values):
                for case .string(let text) in values { found.append(UserSegment(attribute: member.name, value: text)) }
            case .number, .null, .object: continue
            }
        }
        return Array(found.filter { $0.value.unicodeScalars.count <= valueLimit }.prefix(limit))
    }
}
