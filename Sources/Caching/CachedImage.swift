/// What is kept of an answer: an entity or a list as the API shows it.
public struct CachedImage: Sendable, Equatable {
    /// Its JSON.
    public let json: [UInt8]
    /// The version that its `ETag` names; nil for what has none.
    public let version: Int64?

    /// An image of an entity, or of a list, which has no version.
    public init(json: [UInt8], version: Int64?) {
        self.json = json
        self.version = version
    }
}
