public import Core

/// On whose behalf a unit of work is done. It comes from the credential and the headers of a request.
public struct ChangeContext: Sendable {
    /// Whose data it is.
    public let tenant: Tenant
    /// Who does it: the identifier of a credential, or the name of a background task.
    public let actor: String
    /// The request, as in `X-Request-Id`.
    public let requestID: String?
    /// The trace, as in `traceparent`.
    public let traceparent: String?

    /// A context of a tenant and an actor.
    public init(tenant: Tenant, actor: String, requestID: String? = nil, traceparent: String? = nil) {
        self.tenant = tenant
        self.actor = actor
        self.requestID = requestID
        self.traceparent = traceparent
    }
}
