/// The catalogue: products and their variants.
public struct Products: Sendable {
    /// The catalogue service.
    public init() {}
}
