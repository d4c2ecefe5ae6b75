import Core
import HTTPTypes

extension APIServices {
    /// Finds out who asks, and whether they may.
    ///
    /// - throws: ``Failure`` `credential_required`, `invalid_credential`, or `missing_scope` that names the scope.
    func authenticate(_ incoming: IncomingRequest, _ access: Route.Access) async throws -> Credential {
        let scope: String
        switch access {
        case .open: return .anonymous
        case .loopback where isDirectAndLocal(incoming): return .anonymous
        case .loopback(let needed), .scope(let needed): scope = needed
        }
        let credential = try await credentials.verify(Self.key(incoming.head.headerFields))
        guard credential.allows(scope) else {
            throw Failure(
                .forbidden, code: "missing_scope",
                "The API key \"\(credential.name)\" does not have the scope \(scope), which this needs.",
                details: [.init("scope", .string(scope))])
        }
        return credential
    }

    /// A reverse proxy on this machine makes every client look local, so what it forwards is not taken for local.
    private func isDirectAndLocal(_ incoming: IncomingRequest) -> Bool {
        incoming.isLocal && incoming.head.headerFields[.forwardedFor] == nil
            && incoming.head.headerFields[.forwarded] == nil
    }

    /// The text of the key in `Authorization: Bearer` or `X-API-Key`.
    private static func key(_ fields: HTTPFields) throws -> Substring {
        if let field = fields[.apiKey] { return field[...] }
        guard let field = fields[.authorization] else { throw required }
        let scheme = field.prefix { $0 != " " }
        guard scheme.lowercased() == "bearer" else { throw required }
        return field.dropFirst(scheme.count).drop { $0 == " " }
    }

    private static var required: Failure {
        Failure(
            .unauthenticated, code: "credential_required",
            "Send an API key in Authorization: Bearer or X-API-Key. `millrace keys create` makes one.")
    }
}
