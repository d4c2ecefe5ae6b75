/// Whose data it is. A tenant comes from the credential of a request, never from its body or query.
public struct Tenant: Hashable, Sendable {
    /// The row number of the tenant in the database.
    public let number: Int64

    /// A tenant by its row number.
    public init(_ number: Int64) {
        self.number = number
    }

    /// The tenant that exists from the start.
    public static let first = Tenant(1)
}
