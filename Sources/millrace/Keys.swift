import API
import ArgumentParser
import ChangeLog
import Core
import Foundation
import Server

/// `millrace keys`: who may use the server.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes, lists and revokes API keys.", subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a key and prints it once.")

        @Option(help: "What it is called.") var name: String
        @Option(help: "What it may do, for example orders:read, orders:* or *. May be repeated.") var scope: [String]
        @Option(help: "When it ends: an RFC 3339 time or date, or a number of days such as 90d.") var expires: String?
        @Option(help: "The only user whose memories it reaches, and nothing else.") var user: Int64?
        @Option(help: "Whose data it reaches; made when there is none of the name. Only with --data.")
        var tenant: String?
        @OptionGroup var target: TargetOptions

        func run() async throws {
            let end = try expires.map(Keys.end)
            switch try target.place() {
            case .server(let client):
                guard tenant == nil else {
                    throw ValidationError("A key at a server is for the tenant of --key. Leave --tenant out.")
                }
                var members: [JSONObject.Member] = [
                    .init("name", .string(name)), .init("scopes", .array(scope.map(JSONValue.string))),
                ]
                if let end { members.append(.init("expires_at", .string(end.description))) }
                if let user { members.append(.init("user_id", .number(String(user)))) }
                let key = try await client.json("POST", "/api/v1/keys", .object(JSONObject(members)))
                Keys.show(key["id"], key["key"])
            case .directory(let path):
                guard let scopes = Scopes(scope) else {
                    throw ValidationError("A scope is * or of the form orders:read, orders:*, *:read.")
                }
                try await Keys.withStore(path) { store in
                    let tenant = try await Keys.tenant(tenant, of: store, makes: true)
                    let (name, user, credentials) = (name, user, store.credentials)
                    let key = try await store.log.write(ChangeContext(tenant: tenant, actor: Keys.actor)) { unit in
                        try credentials.create(name: name, scopes: scopes, expiresAt: end, user: user, in: unit)
                    }.value
                    Keys.show(.string(key.key.id.description), .string(key.text))
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the keys of a tenant, newest first.")

        @Option(help: "Whose keys; the first tenant's by default. Only with --data.") var tenant: String?
        @OptionGroup var target: TargetOptions

        func run() async throws {
            switch try target.place() {
            case .server(let client):
                var cursor: String?
                repeat {
                    let query = cursor.map { "&cursor=\($0)" } ?? ""
                    let page = try await client.json("GET", "/api/v1/keys?limit=100\(query)")
                    if case .array(let keys)? = page["items"] { keys.forEach(Keys.show(listed:)) }
                    if case .string(let next)? = page["next_cursor"] { cursor = next } else { cursor = nil }
                } while cursor != nil
            case .directory(let path):
                try await Keys.withStore(path) { store in
                    let tenant = try await Keys.tenant(tenant, of: store, makes: false)
                    let credentials = store.credentials
                    var after: [CursorValue]?
                    repeat {
                        let request = PageRequest(limit: 100, after: after)
                        let page = try await store.log.read { try credentials.list(request, of: tenant, in: $0) }.value
                        for key in page.items {
                            Keys.show(listed: try JSONParser.parse(JSONWriter.bytes(of: key)))
                        }
                        after = page.next
                    } while after != nil
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revokes a key: it opens nothing any more.")

        @Argument(help: "The id of the key, as `millrace keys list` shows it.") var id: String
        @Option(help: "Whose key; the first tenant's by default. Only with --data.") var tenant: String?
        @OptionGroup var target: TargetOptions

        func run() async throws {
            guard let id = Identifier(id) else { throw ValidationError("\(id) is no id of a key.") }
            switch try target.place() {
            case .server(let client): _ = try await client.send("DELETE", "/api/v1/keys/\(id)")
            case .directory(let path):
                try await Keys.withStore(path) { store in
                    let tenant = try await Keys.tenant(tenant, of: store, makes: false)
                    let credentials = store.credentials
                    _ = try await store.log.write(ChangeContext(tenant: tenant, actor: Keys.actor)) { unit in
                        try credentials.revoke(id, in: unit)
                    }
                }
            }
            print("revoked \(id)")
        }
    }
}

extension Keys {
    /// Who the change log says did it.
    static let actor = "millrace keys"

    /// Opens the files of a server for as long as the closure runs.
    static func withStore(_ path: String, _ body: (Store) async throws -> Void) async throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure(
                .notFound, code: "not_found",
                "There is no data directory \(path). `millrace serve --data \(path)` makes one.")
        }
        let store = try await Store.open(path, settings: Environment.settings(of: path))
        do {
            try await body(store)
            await store.close()
        } catch {
            await store.close()
            throw error
        }
    }

    /// The tenant of a name; the first one when nobody names any.
    fileprivate static func tenant(_ name: String?, of store: Store, makes: Bool) async throws -> Tenant {
        guard let name else { return .first }
        let credentials = store.credentials
        let known = try await store.log.read { try credentials.tenants(in: $0).first { $0.name == name }?.tenant }.value
        if let known { return known }
        guard makes else { throw Failure.notFound("tenant", name) }
        return try await store.log.write(ChangeContext(tenant: .first, actor: actor)) { unit in
            try credentials.createTenant(named: name, in: unit)
        }.value
    }

    /// When a key ends, from a time or a number of days.
    fileprivate static func end(_ text: String) throws -> Timestamp {
        if text.hasSuffix("d"), let days = Int64(text.dropLast()), (1...36_500).contains(days) {
            return SystemTime().now().advanced(bySeconds: days * 86_400)
        }
        guard let end = Timestamp(text) else {
            throw ValidationError("\"\(text)\" is no time. Write --expires 2027-01-01 or --expires 90d.")
        }
        return end
    }

    fileprivate static func show(_ id: JSONValue?, _ key: JSONValue?) {
        guard case .string(let id)? = id, case .string(let key)? = key else { return }
        print("id: \(id)\nkey: \(key)  (shown once; store it)")
    }

    fileprivate static func show(listed value: JSONValue) {
        guard case .object(let key) = value else { return }
        func text(_ name: String) -> String? {
            if case .string(let text)? = key[name] { text } else { nil }
        }
        var scopes: [String] = []
        if case .array(let values)? = key["scopes"] {
            for case .string(let scope) in values { scopes.append(scope) }
        }
        let state = text("revoked_at").map { "revoked \($0)" } ?? text("expires_at").map { "until \($0)" } ?? "valid"
        let user = key["user_id"].flatMap { if case .number(let user) = $0 { "  user \(user)" } else { nil } } ?? ""
        print("\(text("id") ?? "")  \(state)  \(scopes.joined(separator: ","))  \(text("name") ?? "")\(user)")
    }
}
