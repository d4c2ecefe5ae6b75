import API
import Commerce
import Core
import Synchronization
import Telemetry
import TestKit
import Testing

/// An order that is read from the cache is never older than what anybody was told.
@Suite(.timeLimit(.minutes(5))) struct EntityCacheFlowTests {
    private static let writers = 4
    private static let updatesEach = 40

    @Test(arguments: TestStore.Engine.allCases)
    func nobodyReadsAnOrderThatIsOlderThanAnAnsweredUpdate(_ engine: TestStore.Engine) async throws {
        let commerce = Commerce()
        let routes = Routes.productRoutes(commerce) + Routes.inventoryRoutes(commerce) + Routes.orderRoutes(commerce)
        try await LiveServer.run(engine, routes: routes) { server in
            let order = try await Self.makeOrder(server)
            let progress = Progress()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for reader in 1...3 {
                    group.addTask {
                        var reads = 0
                        while !progress.isDone.load(ordering: .acquiring) {
                            let least = progress.answered.load(ordering: .acquiring)
                            let version = try await Self.version(of: order, server)
                            #expect(version >= least, "reader \(reader) was given version \(version) after \(least)")
                            reads += 1
                        }
                        return reads
                    }
                }
                try await withThrowingTaskGroup(of: Void.self) { writers in
                    for writer in 1...Self.writers {
                        writers.addTask { try await Self.update(order, writer, progress, server) }
                    }
                    try await writers.waitForAll()
                }
                progress.isDone.store(true, ordering: .releasing)
                var reads = 0
                for try await count in group { reads += count }
                #expect(reads > 100)
            }
            #expect(try await Self.version(of: order, server) == 1 + Self.writers * Self.updatesEach)
            let hits = server.store.metrics.counter("cache_hits_total", "", labels: ["cache"]).with("entities").value
            #expect(hits > 0, "no read was answered from the cache")
        }
    }

    /// What the writers were told, as the readers see it.
    private final class Progress: Sendable {
        let answered = Atomic<Int>(1)
        let isDone = Atomic<Bool>(false)
    }

    private static func makeOrder(_ server: LiveServer) async throws -> String {
        _ = try await server.send(
            "POST", "/api/v1/products", #"{"sku":"chai","name":"Chai","price":"3.33","currency":"USD"}"#)
        _ = try await server.send("POST", "/api/v1/inventory/receive", #"{"sku":"chai","quantity":10}"#)
        let made = try await server.send("POST", "/api/v1/orders", #"{"items":[{"sku":"chai","quantity":1}]}"#)
        return try made.json().text("id")
    }

    /// Changes the order again and again, each time the version that it has just read.
    private static func update(
        _ order: String, _ writer: Int, _ progress: Progress, _ server: LiveServer
    ) async throws {
        var done = 0
        var attempts = 0
        while done < updatesEach {
            attempts += 1
            try #require(attempts < 100 * updatesEach, "The version that is read is never the latest.")
            let version = try await version(of: order, server)
            let answer = try await server.send(
                "PATCH", "/api/v1/orders/\(order)", #"{"notes":"\#(writer) \#(done)"}"#,
                headers: ["If-Match": "\"\(version)\""])
            guard answer.status == 200 else {
                #expect(answer.status == 412)
                continue
            }
            done += 1
            progress.answered.max(
                try #require(Int(try answer.json().text("version"))), ordering: .acquiringAndReleasing)
        }
    }

    private static func version(of order: String, _ server: LiveServer) async throws -> Int {
        try #require(Int(try await server.send("GET", "/api/v1/orders/\(order)").json().text("version")))
    }
}
