/// Where vectors of texts go, so that each must fit those that are there.
public struct VectorSpace: Sendable, Equatable {
    /// How many components they have.
    public let dimensions: Int
    /// What has them, for messages: `collection`.
    let owner: String
    /// The setting that says how many components they have.
    let setting: String

    /// Where vectors go.
    ///
    /// - parameters:
    ///   - owner: what has them, for messages: `collection`.
    ///   - setting: the name of the setting that says how many components they have.
    public init(_ owner: String, dimensions: Int, setting: String) {
        self.dimensions = dimensions
        self.owner = owner
        self.setting = setting
    }
}
