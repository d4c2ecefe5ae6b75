import Core
import Memories

/// Whose memories and documents a request may reach: those of every user of its tenant, or of one alone.
struct UserReach: Sendable {
    /// The only user, as the API key says.
    private let only: Int64?

    /// The reach of who sends a request.
    init(_ request: APIRequest) { only = request.credential.user }

    /// Whether it is one user alone.
    var isLimited: Bool { only != nil }

    /// Refuses a user who is out of reach.
    ///
    /// - throws: ``Failure`` `user_out_of_reach`.
    func require(_ user: Int64) throws {
        guard let only, user != only else { return }
        throw Failure(
            .forbidden, code: "user_out_of_reach",
            "This API key reaches what is kept of user \(only), and nothing of user \(user).")
    }

    /// Refuses what is kept of a user who is out of reach.
    func require(_ payload: JSONObject) throws {
        guard only != nil else { return }
        guard let user = payload.userID else {
            throw Failure(
                .forbidden, code: "user_out_of_reach", "This API key reaches nothing that is kept of no user.")
        }
        try require(user)
    }

    /// Whether a point is within reach. One that is not is answered for as though it were not there.
    func includes(_ point: Point) throws -> Bool {
        guard let only else { return true }
        return try point.payloadObject().userID == only
    }
}
