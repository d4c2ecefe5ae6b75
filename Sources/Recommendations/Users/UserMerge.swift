public import Core

/// That what one user did became another's.
public struct UserMerge: JSONEncodable, Sendable, Hashable {
    /// What it is called in the change log.
    public static let entityType = "recommendation_merge"

    /// Whose it is now.
    public let user: String
    /// Whose it was.
    public let from: String
    /// How many interactions that were.
    public let interactionCount: Int
    /// Whether nothing is left to be moved.
    public let isComplete: Bool

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("user_id", user)
            json.member("from", from)
            json.member("moved", interactionCount)
            json.member("complete", isComplete)
        }
    }
}
