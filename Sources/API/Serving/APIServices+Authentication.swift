import Core
import HTTPTypes

extension APIServices {
    /// Finds out who asks, and whether they may.
    ///
    /// - throws: ``Failure`` `credential_required`, `invalid_credential`, `missing_scope` that names the scope, or
    ///   `key_of_one_user`.
    func authenticate(_ incoming: IncomingRequest, _ route: Route) async throws -> Credential {
        guard let scopes = neededScopes(incoming, route.access) else { return .anonymous }
        let credential = try await credentials.verify(Self.key(incoming.head.headers))
        try Self.require(scopes, of: credential, route)
        return credential
    }

    /// Does the same as ``authenticate(_:_:)`` if the credential is known without asking the database; else nil.
    func authenticateAtOnce(_ incoming: IncomingRequest, _ route: Route) throws -> Credential? {
        guard let scopes = neededScopes(incoming, route.access) else { return .anonymous }
        guard let credential = try credentials.verifyAtOnce(Self.key(incoming.head.headers)) else { return nil }
        try Self.require(scopes, of: credential, route)
        return credential
    }

    /// One scope or two; nil when nobody has to say who they are.
    private func neededScopes(_ incoming: IncomingRequest, _ access: Route.Access) -> (String, String?)? {
        switch access {
        case .open: nil
        case .loopback(let scope): isDirectAndLocal(incoming) ? nil : (scope, nil)
        case .scope(let scope): (scope, nil)
        case .scopes(let first, let second): (first, second)
        }
    }

    private static func require(_ scopes: (String, String?), of credential: Credential, _ route: Route) throws {
        guard credential.user == nil || route.servesUsers else {
            throw Failure(
                .forbidden, code: "key_of_one_user",
                "The API key \"\(credential.name)\" reaches the memories of one user and nothing else.")
        }
        try require(scopes.0, of: credential)
        if let second = scopes.1 { try require(second, of: credential) }
    }

    private static func require(_ scope: String, of credential: Credential) throws {
        guard credential.allows(scope) else {
            throw Failure(
                .forbidden, code: "missing_scope",
                "The API key \"\(credential.name)\" does not have the scope \(scope), which this needs.",
                details: [.init("scope", .string(scope))])
        }
    }

    /// A reverse proxy on this machine makes every client look local, so what it forwards is not taken for local.
    private func isDirectAndLocal(_ incoming: IncomingRequest) -> Bool {
        incoming.isLocal && incoming.head.headers[.forwardedFor] == nil
            && incoming.head.headers[.forwarded] == nil
    }

    /// The text of the key in `Authorization: Bearer` or `X-API-Key`.
    private static func key(_ fields: RequestHeaders) throws -> Substring {
        if let field = fields[.apiKey] { return field[...] }
        guard let field = fields[.authorization] else {
            if let field = fields[.qdrantKey] { return field[...] }
            throw required
        }
        let bytes = field.utf8
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")) else { throw required }
        let scheme = field[..<space]
        guard scheme == "Bearer" || scheme.lowercased() == "bearer" else { throw required }
        return Substring(bytes[space...].drop { $0 == UInt8(ascii: " ") })
    }

    private static var required: Failure {
        Failure(
            .unauthenticated, code: "credential_required",
            "Send an API key in Authorization: Bearer or X-API-Key. `millrace keys create` makes one.")
    }
}
