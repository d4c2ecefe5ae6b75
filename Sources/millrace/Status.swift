import ArgumentParser
import ChangeLog
import Commerce
import Core
import Server

import struct Observers.ObserverSummary

/// `millrace status`: whether a server is well, or what a data directory holds.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells whether a server is healthy and ready, how its observers are, and how much it holds.",
        discussion: "Ends with status 1 when the server cannot be reached or is not ready.")

    @Option(help: "text or json") var format = Config.Format.text
    @OptionGroup var target: TargetOptions

    func run() async throws {
        switch try target.place() {
        case .server(let client): try await show(client)
        case .directory(let path): try await Keys.withStore(path, show)
        }
    }

    /// What is counted, by its route and its name in a listing.
    private static let resources = ["products", "customers", "orders"]

    private func show(_ client: ServerClient) async throws {
        let health = try await client.json("GET", "/health")
        let answer = try await client.answer("GET", "/ready")
        guard case .object(let report) = try JSONParser.parse(answer.body) else {
            throw Failure(.internal, code: "unexpected_answer", "/ready did not answer with a JSON object.")
        }
        let checks = (report["checks"] ?? .null).members
        var members: [JSONObject.Member] = [
            .init("health", health["status"] ?? .null), .init("ready", report["status"] ?? .null),
            .init("checks", .object(JSONObject(checks))),
        ]
        var lines = ["health: \(health["status"].text)", "ready: \(report["status"].text)"]
        lines += checks.map { "  \($0.name): \($0.value.details)" }
        for resource in Self.resources {
            let page = try await client.json("GET", "/api/v1/\(resource)?limit=1&count=exact")
            members.append(.init(resource, page["total"] ?? .null))
            lines.append("\(resource): \(page["total"].text)")
        }
        let observers = try await ObserverStatus(client)
        members.append(.init("observers", observers.json))
        format.print(.object(JSONObject(members)), lines + observers.lines)
        guard answer.status == 200 else {
            throw Failure(.unavailable, code: "not_ready", "The server is not ready; the checks tell why.")
        }
    }

    private func show(_ store: Store) async throws {
        let commerce = store.commerce
        let (last, followers, counts, observers) = try await store.log.read { transaction in
            let page = PageRequest(limit: 1, countsTotal: true)
            let products = try commerce.products.list(ProductFilter(), page, of: .first, in: transaction)
            let customers = try commerce.customers.list(CustomerFilter(), page, of: .first, in: transaction)
            let orders = try commerce.orders.list(OrderFilter(), page, of: .first, in: transaction)
            return (
                try ChangeLog.last(in: transaction), try ChangeLog.followers(in: transaction),
                [products.total, customers.total, orders.total].map { $0 ?? 0 },
                ObserverStatus(try ObserverSummary(in: transaction))
            )
        }.value
        let positions = followers.map { follower in
            "  \(follower.name): position \(follower.position), lag \(last.value - follower.position.value)"
        }
        let resources = zip(Self.resources, counts)
        let places = followers.map { JSONObject.Member($0.name, .integer($0.position.value)) }
        let json = JSONObject(
            [
                .init("running", .bool(false)), .init("position", .integer(last.value)),
                .init("followers", .object(JSONObject(places))),
            ] + resources.map { .init($0, .integer($1)) } + [.init("observers", observers.json)])
        format.print(
            .object(json),
            ["not running; the data directory is whole", "position: \(last)"] + positions
                + resources.map { "\($0): \($1)" } + observers.lines)
    }
}

extension JSONValue {
    /// The members of an object in one line.
    fileprivate var details: String {
        guard case .object(let object) = self else { return text ?? "unknown" }
        return object.members.map { "\($0.name) \($0.value.text ?? "unknown")" }.joined(separator: ", ")
    }
}
