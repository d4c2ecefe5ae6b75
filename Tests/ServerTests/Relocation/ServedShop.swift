import API
import ChangeLog
import Commerce
import Core
import Foundation
import Logging
import Server
import Telemetry
import TestKit
import Testing

/// A server of the shop's routes in this process, on whatever store a log has.
struct ServedShop: Sendable {
    /// The key of the administrator of every shop.
    static let key = "administrator-of-the-relocation-tests-0123456789"

    private let port: Int

    /// Starts a server on a free port, runs a closure with it, and stops it.
    static func run<T: Sendable>(
        _ log: ChangeLog, metrics: MetricsRegistry, _ body: (ServedShop) async throws -> T
    ) async throws -> T {
        let credentials = Credentials(log: log, metrics: metrics)
        #expect(try await credentials.ensureAdmin(key) == nil)
        let settings = try SettingsRegistry(APISettings.all).values(from: [
            SettingsSource(name: "test", texts: ["api.port": "0"])
        ])
        let (ports, listening) = AsyncStream<Int>.makeStream()
        let server = try APIServer(
            routes: Routes.commerce(Commerce()), log: log, credentials: credentials, settings: settings,
            metrics: metrics, logger: Logger(label: "test"), onListening: { _, port in listening.yield(port) })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // A server that cannot listen must not leave the test waiting.
                defer { listening.finish() }
                try await server.run()
            }
            var iterator = ports.makeAsyncIterator()
            let shop = ServedShop(port: try #require(await iterator.next()))
            let outcome: Result<T, any Error>
            do { outcome = .success(try await body(shop)) } catch { outcome = .failure(error) }
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
            return try outcome.get()
        }
    }

    /// Serves from a store whose log others may write to as well, and closes the store.
    static func serve(_ store: Store, _ body: (ServedShop, ChangeLog) async throws -> Void) async throws {
        let tail = Task {
            try await LogTail(store.log, metrics: MetricsRegistry(), logger: Logger(label: "test")).run()
        }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await run(store.log, metrics: store.metrics) { try await body($0, store.log) })
        } catch {
            outcome = .failure(error)
        }
        tail.cancel()
        await store.close()
        try outcome.get()
    }

    /// Sends a request with the administrator's key.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, key: String? = nil, match: String? = nil
    ) async throws -> RawConnection.Response {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer \(Self.key)\r\n"
        if let key { head += "Idempotency-Key: \(key)\r\n" }
        if let match { head += "If-Match: \"\(match)\"\r\n" }
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        let connection = try RawConnection(port: port)
        try await connection.send(head + "\r\n" + (body ?? ""))
        return try await connection.response()
    }

    /// Sends a `POST` that must succeed, and returns the answer's member `id`.
    ///
    /// - parameter key: its `Idempotency-Key`; one of its own when nil.
    @discardableResult
    func post(_ path: String, _ body: String? = nil, key: String? = nil, match: String? = nil) async throws -> String {
        let answer = try await send("POST", path, body, key: key ?? UUID().uuidString, match: match)
        #expect(answer.status < 300, "\(path): \(answer.text)")
        return answer.json["id"]?.string ?? ""
    }
}

/// A shop with something in every table, made by requests.
extension ServedShop {
    /// Makes products, stock and customers, an order that was paid, delivered, taken back and paid back, and orders
    /// that are still open.
    func fill() async throws {
        for sku in ["chai", "thé", "マテ"] {
            try await post(
                "/api/v1/products",
                """
                {"sku":"\(sku)","name":"\(sku) 🍵","price":"3.33","currency":"USD","tax_rate":"0.0875","tags":["tea"]}
                """)
            try await post("/api/v1/inventory/receive", #"{"sku":"\#(sku)","quantity":50}"#)
        }
        let customer = try await post("/api/v1/customers", #"{"name":"Zoë","email":"zoe@example.com"}"#)
        for number in 1...5 {
            try await post(
                "/api/v1/orders",
                """
                {"customer_id":"\(customer)","notes":"order \(number)",
                "items":[{"sku":"chai","quantity":\(number)},{"sku":"thé","quantity":1}]}
                """)
        }
        try await returnOrder()
    }

    /// Makes an order and leads it through everything that can happen to one.
    private func returnOrder() async throws {
        let made = try await send("POST", "/api/v1/orders", #"{"items":[{"sku":"chai","quantity":3}]}"#)
        let order = try #require(made.json["id"]?.string)
        let confirmed = try await send(
            "PUT", "/api/v1/orders/\(order)/status", #"{"status":"confirmed"}"#, match: "1")
        let line = try #require(confirmed.json["items"]?.elements.first?["id"]?.string)
        try await post("/api/v1/orders/\(order)/payments", #"{"amount":"10.86"}"#)
        let shipment = try await post("/api/v1/orders/\(order)/shipments")
        try await post("/api/v1/shipments/\(shipment)/ship", match: "1")
        try await post("/api/v1/shipments/\(shipment)/deliver", match: "2")
        let asked = try await post(
            "/api/v1/returns", #"{"order_id":"\#(order)","lines":[{"order_line_id":"\#(line)","quantity":2}]}"#)
        for (step, version) in [("approve", "1"), ("receive", "2"), ("restock", "3"), ("refund", "4")] {
            try await post("/api/v1/returns/\(asked)/\(step)", match: version)
        }
    }
}
