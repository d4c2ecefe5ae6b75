import ChangeLog
import Core
import HTTPTypes
import Telemetry

extension Routes {
    /// What every server has: health, readiness, metrics, the change log and the keys.
    static func operations(
        log: ChangeLog, credentials: Credentials, metrics: MetricsRegistry, checks: [ReadinessCheck],
        settings: SettingsValues
    ) -> [Route] {
        health(log, checks) + exposition(metrics) + changes(log, metrics, settings) + keys(credentials)
    }

    private static func health(_ log: ChangeLog, _ checks: [ReadinessCheck]) -> [Route] {
        let database = ReadinessCheck("database") {
            // Ready is who can serve reads: a replica will do while the primary is away.
            let read = try await log.readAnywhere { try ChangeLog.last(in: $0) }
            return [
                .init("position", .integer(read.value.value)),
                .init("primary", .string(read.isFromReplica ? "away" : "ok")),
            ]
        }
        return [
            .custom(.get, "/health", access: .loopback(scope: "health:read")) { _ in
                .ok(JSONValue.object(JSONObject([.init("status", .string("ok"))])))
            },
            .custom(.get, "/ready", access: .loopback(scope: "health:read")) { _ in
                await ReadinessReport([database] + checks).response
            },
        ]
    }

    private static func exposition(_ metrics: MetricsRegistry) -> [Route] {
        [
            .custom(.get, "/metrics", access: .loopback(scope: "metrics:read")) { _ in
                .bytes(
                    PrometheusExposition.text(of: metrics), contentType: "text/plain; version=0.0.4; charset=utf-8")
            },
            .custom(.get, "/metrics/json", access: .loopback(scope: "metrics:read")) { _ in
                .json(MetricsJSON.bytes(of: metrics))
            },
        ]
    }

    private static func keys(_ credentials: Credentials) -> [Route] {
        [
            .read(.get, "/api/v1/keys", scope: "keys:read") { request in
                let page = try request.readQuery { $0.page() }
                return { .page(try credentials.list(page, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/keys/{id}", scope: "keys:read") { request in
                let id = try request.identifier("id")
                return { .ok(try credentials.find(id, of: request.tenant, in: $0)) }
            },
            .write(.post, "/api/v1/keys", scope: "keys:write") { request in
                let draft = try request.readBody { KeyDraft(&$0, maker: request.credential) }
                return { unit in
                    let key = try credentials.create(
                        name: draft.name, scopes: draft.scopes, expiresAt: draft.expiresAt, user: draft.user, in: unit)
                    return .created(key, at: "/api/v1/keys/\(key.key.id)")
                }
            },
            .write(.delete, "/api/v1/keys/{id}", scope: "keys:write") { request in
                let id = try request.identifier("id")
                return { unit in
                    try credentials.revoke(id, in: unit)
                    return .noContent
                }
            },
        ]
    }
}

/// A key as somebody asks for it.
private struct KeyDraft {
    let name: String
    let scopes: Scopes
    let expiresAt: Timestamp?
    let user: Int64?

    /// Reads the members of a key. Nobody makes a key that may do more than they may.
    init(_ fields: inout JSONFields, maker: Credential) {
        name = fields.string("name", length: 1...100)
        expiresAt = fields.optionalTimestamp("expires_at")
        user = fields.optionalInteger("user_id", in: Int64.min...Int64.max)
        let names = fields.optionalStrings("scopes", count: 1...64, length: 1...64) ?? []
        if !fields.has("scopes") { fields.reject("scopes", "This member is required, for example [\"orders:read\"].") }
        scopes = Scopes(names) ?? .none
        if !names.isEmpty, Scopes(names) == nil {
            fields.reject(
                "scopes", "A scope is *, or a resource and an action such as orders:read, *:read or orders:*.")
        }
        for name in names where !maker.allows(name) {
            fields.reject("scopes", "Your own key does not have the scope \(name), so it cannot give it.")
        }
    }
}

/// What `/ready` answers: each check, and whether all are well.
private struct ReadinessReport: JSONEncodable {
    private var results: [(name: String, failure: Failure?, details: [JSONObject.Member])] = []

    init(_ checks: [ReadinessCheck]) async {
        for check in checks {
            do {
                results.append((check.name, nil, try await check.check()))
            } catch {
                let failure = error as? Failure ?? Failure.internal("The check failed.", cause: error)
                results.append((check.name, failure, failure.details))
            }
        }
    }

    var response: APIResponse {
        .json(
            JSONWriter.bytes(of: self),
            status: results.allSatisfy { $0.failure == nil } ? .ok : .serviceUnavailable)
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("status", results.allSatisfy { $0.failure == nil } ? "ready" : "not_ready")
            json.member(
                "checks",
                object: { json in
                    for result in results {
                        json.key(named: result.name)
                        json.object { json in
                            json.member("status", result.failure == nil ? "ok" : "failed")
                            if let failure = result.failure { json.member("code", failure.code) }
                            for detail in result.details {
                                json.key(named: detail.name)
                                json.value(detail.value)
                            }
                        }
                    }
                })
        }
    }
}
