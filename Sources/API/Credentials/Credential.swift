public import Core

/// Who sends a request, and what it may do.
public struct Credential: Sendable {
    /// Its identifier: the actor of the changes that it makes.
    public let id: Identifier
    /// What it is called.
    public let name: String
    /// Whose data it reaches.
    public let tenant: Tenant
    /// What it may do.
    public let scopes: Scopes
    /// When it ends, if ever.
    public let expiresAt: Timestamp?
    /// The only user whose memories it reaches, and nothing else; nil reaches what the scopes name.
    public let user: Int64?

    /// A credential.
    public init(
        id: Identifier, name: String, tenant: Tenant, scopes: Scopes, expiresAt: Timestamp?, user: Int64? = nil
    ) {
        self.id = id
        self.name = name
        self.tenant = tenant
        self.scopes = scopes
        self.expiresAt = expiresAt
        self.user = user
    }

    /// Nobody: for requests to open routes.
    public static let anonymous = Credential(
        id: Identifier(high: 0, low: 0), name: "anonymous", tenant: Tenant(0), scopes: .none, expiresAt: nil)

    /// Whether it may do what a scope names, for example `orders:read`.
    public func allows(_ scope: String) -> Bool { scopes.allow(scope) }
}
