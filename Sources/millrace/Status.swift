import ArgumentParser
import ChangeLog
import Commerce
import Core
import Server

/// `millrace status`: whether a server is well, or what a data directory holds.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells whether a server is healthy and ready, its position and lags, and how much it holds.")

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
        print("health: \(health["status"].text)")
        let answer = try await client.answer("GET", "/ready")
        guard case .object(let report) = try JSONParser.parse(answer.body) else {
            throw Failure(.internal, code: "unexpected_answer", "/ready did not answer with a JSON object.")
        }
        print("ready: \(report["status"].text)")
        if case .object(let checks)? = report["checks"] {
            for check in checks.members { print("  \(check.name): \(check.value.details)") }
        }
        for resource in Self.resources {
            let page = try await client.json("GET", "/api/v1/\(resource)?limit=1&count=exact")
            print("\(resource): \(page["total"].text)")
        }
        guard answer.status == 200 else {
            throw Failure(.unavailable, code: "not_ready", "The server is not ready; the checks above tell why.")
        }
    }

    private func show(_ store: Store) async throws {
        let commerce = store.commerce
        let lines = try await store.log.read { transaction -> [String] in
            let page = PageRequest(limit: 1, countsTotal: true)
            let products = try commerce.products.list(ProductFilter(), page, of: .first, in: transaction)
            let customers = try commerce.customers.list(CustomerFilter(), page, of: .first, in: transaction)
            let orders = try commerce.orders.list(OrderFilter(), page, of: .first, in: transaction)
            let last = try ChangeLog.last(in: transaction)
            let followers = try ChangeLog.followers(in: transaction).map { follower in
                "  \(follower.name): position \(follower.position), lag \(last.value - follower.position.value)"
            }
            return ["position: \(last)"] + followers + [
                "products: \(products.total ?? 0)", "customers: \(customers.total ?? 0)",
                "orders: \(orders.total ?? 0)",
            ]
        }.value
        print("not running; the data directory is whole")
        for line in lines { print(line) }
    }
}

extension JSONValue? {
    /// A single value for people.
    fileprivate var text: String {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag.description
        default: "unknown"
        }
    }
}

extension JSONValue {
    /// The members of an object in one line.
    fileprivate var details: String {
        guard case .object(let object) = self else { return Optional(self).text }
        return object.members.map { "\($0.name) \(Optional($0.value).text)" }.joined(separator: ", ")
    }
}
