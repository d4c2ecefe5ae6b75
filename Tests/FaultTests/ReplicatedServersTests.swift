import Core
import TestKit
import Testing

/// Two servers on one PostgreSQL with a replica, as their clients see them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ReplicatedServersTests {
    private struct Servers {
        let primary: PostgresServer
        let replica: PostgresServer
        let shops: [Shop]
        private let directory: TemporaryDirectory

        init(_ settings: [String]) async throws {
            let primary = try PostgresServer()
            self.primary = primary
            let url = try primary.makeDatabase()
            let replica = try primary.makeReplica(name: "replica")
            self.replica = replica
            directory = try TemporaryDirectory()
            let name = url.split(separator: "/").last.map(String.init) ?? ""
            let all = ["storage.url=\(url)", "storage.replicas=\(replica.url(name))"] + settings
            var shops: [Shop] = []
            for number in 0..<2 { shops.append(try await Shop(data: directory.file("data\(number)"), settings: all)) }
            self.shops = shops
        }

        /// Runs a closure with two servers and stops all processes.
        static func run(_ settings: [String] = [], _ body: (Servers) async throws -> Void) async throws {
            let servers = try await Servers(settings)
            do { try await body(servers) } catch {
                for shop in servers.shops { await shop.process.kill() }
                throw error
            }
            for shop in servers.shops { #expect(await shop.process.stop() == 0, "\(shop.process.log)") }
            try servers.replica.stop()
            try servers.primary.stop()
        }

        /// What `/metrics` says of the replica.
        func metric(_ name: String, _ shop: Shop) async throws -> Double? {
            try await shop.metric("\(name)127.0.0.1:\(replica.port)\"}")
        }

        func isReplicaHealthy(_ shop: Shop) async throws -> Bool {
            try await metric("replica_state{replica=\"", shop) == 1
        }
    }

    private static func product(_ sku: String, named name: String) -> String {
        #"{"sku":"\#(sku)","name":"\#(name)","price":"3.33","currency":"USD"}"#
    }

    @Test(arguments: ["primary", "nearest", "round_robin"])
    func whatWasWrittenOnOneServerIsReadOnTheOther(preference: String) async throws {
        try await Servers.run(["storage.read_preference=\(preference)"]) { servers in
            for shop in servers.shops { #expect(try await eventually { try await servers.isReplicaHealthy(shop) }) }
            let connections = try servers.shops.map { try $0.connect() }
            let thing = Self.product("a", named: "Thing 0")
            let made = try await connections[0].exchange("POST", "/api/v1/products", thing)
            let id = try #require(made["id"])
            var tag = made.headers["etag"]
            for round in 1...200 {
                let (writer, reader) = (connections[round % 2], connections[(round + 1) % 2])
                let change = #"{"name":"Thing \#(round)"}"#
                let written = try await writer.exchange(
                    "PATCH", "/api/v1/products/\(id)", change, headers: ["If-Match: \(try #require(tag))"])
                try #require(written.status == 200, "\(written.text)")
                tag = written.headers["etag"]
                let position = try #require(written.headers["millrace-position"])
                let headers = ["Millrace-Position: \(position)"]
                let read = try await reader.exchange("GET", "/api/v1/products/\(id)", headers: headers)
                try #require(read["name"] == "Thing \(round)", "\(read.status) \(read.text)")
                let list = try await reader.exchange("GET", "/api/v1/products?limit=5", headers: headers)
                try #require(list.text.contains("\"Thing \(round)\""), "\(list.status) \(list.text)")
                let included = try #require(list.headers["millrace-position"].flatMap { Int($0) })
                try #require(included >= Int(position) ?? .max)
            }
            guard preference == "round_robin" else { return }
            // Whoever has seen nothing is answered by the replica.
            let before = try await servers.metric("database_reads_total{server=\"", servers.shops[0]) ?? 0
            for limit in 10..<30 {
                #expect(try await connections[0].exchange("GET", "/api/v1/products?limit=\(limit)").status == 200)
            }
            let after = try await servers.metric("database_reads_total{server=\"", servers.shops[0]) ?? 0
            #expect(after > before)
        }
    }

    @Test func readsAreAnsweredWhileThePrimaryIsAway() async throws {
        try await Servers.run { servers in
            let shop = servers.shops[0]
            for shop in servers.shops { #expect(try await eventually { try await servers.isReplicaHealthy(shop) }) }
            let made = try await shop.send("POST", "/api/v1/products", Self.product("a", named: "Thing"))
            let id = try #require(made["id"])
            let key = try await shop.send("POST", "/api/v1/keys", #"{"name":"reader","scopes":["*:read"]}"#)
            let position = try #require(key.headers["millrace-position"])
            let text = try #require(key["key"], "\(key.text)")
            let seen = ["Millrace-Position: \(position)"]
            // Each server knows that the log is settled up to it, and that the replica has replayed it.
            for shop in servers.shops {
                let settled = try #require(Double(position))
                #expect(try await eventually { try await shop.metric("change_log_position") ?? 0 >= settled })
                #expect(try await eventually { try await servers.metric("replica_lag_seconds{replica=\"", shop) == 0 })
            }
            try servers.primary.kill()
            for shop in servers.shops {
                for _ in 0..<20 {
                    #expect(try await shop.send("GET", "/api/v1/products/\(id)", headers: seen).status == 200)
                    #expect(try await shop.send("GET", "/api/v1/orders", headers: seen).status == 200)
                }
                // A page of products takes two questions, so a connection of the pool and not a pipeline.
                #expect(try await shop.send("GET", "/api/v1/products", headers: seen).status == 200)
                let pool = #"database_connections{server="127.0.0.1:\#(servers.replica.port)",state="idle"}"#
                #expect(try await eventually { try await (shop.metric(pool) ?? 0) > 0 }, "its connections are counted")
                // A key that nobody has used here before.
                let unknown = ["X-API-Key: \(text)"]
                #expect(try await shop.send("GET", "/api/v1/orders", headers: unknown).status == 200)
                #expect(try await shop.send("GET", "/api/v1/orders", headers: ["X-API-Key: \(text)x"]).status == 401)
                let ready = try await shop.send("GET", "/ready")
                #expect(ready.status == 200 && ready.text.contains(#""primary":"away""#))
                let refused = try await shop.send("POST", "/api/v1/products", Self.product("b", named: "Refused"))
                #expect(refused.status == 503 && refused.headers["retry-after"] == "1")
                #expect(refused["code"] == "storage_unreachable")
                let ahead = try await shop.send("GET", "/api/v1/orders", headers: ["Millrace-Position: 1000000"])
                #expect(ahead.status == 503 && ahead["code"] == "position_not_reached")
            }
            try servers.primary.start()
            for (number, shop) in servers.shops.enumerated() {
                let body = Self.product("c\(number)", named: "After")
                #expect(
                    try await eventually(within: .seconds(30)) {
                        try await shop.send("POST", "/api/v1/products", body).status == 201
                    })
                #expect(
                    try await eventually { try await shop.send("GET", "/ready").text.contains(#""primary":"ok""#) })
            }
        }
    }
}
