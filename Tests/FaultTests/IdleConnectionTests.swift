import Core
import Foundation
import Server
import TestKit
import Testing

/// As many idle connections as a busy shop has.
@Suite struct IdleConnectionTests {
    private static let count = 10_000
    /// What an idle connection may cost the server, in KiB.
    private static let memoryOfConnection = 16

    @Test func tenThousandIdleConnectionsCostLittleAndEnd() async throws {
        let limit = try #require(FileDescriptorLimit.raise())
        try #require(limit > UInt64(Self.count) + 1_000, "This process may open \(limit) files.")
        try await Shop.run(settings: ["api.idle_timeout=15000"]) { shop in
            #expect(try await shop.send("GET", "/api/v1/orders").status == 200)
            let before = try shop.residentMemory()
            var idle: [IdleSocket] = []
            for _ in 0..<Self.count { idle.append(try IdleSocket(port: shop.port)) }
            let arrived = try await eventually {
                try await shop.metric("http_connections") ?? 0 >= Double(Self.count)
            }
            #expect(arrived)
            let start = ContinuousClock.now
            for _ in 0..<100 {
                #expect(try await shop.send("GET", "/api/v1/orders").status == 200)
            }
            let took = (ContinuousClock.now - start) / 100
            let growth = try shop.residentMemory() - before
            print("\(Self.count) idle connections: \(growth) KiB, a request takes \(took)")
            #expect(took < .milliseconds(100))
            #expect(growth < Self.count * Self.memoryOfConnection)
            let ended = try await eventually(within: .seconds(30)) {
                try await shop.metric("http_connections") ?? .infinity <= 1
            }
            #expect(ended)
            withExtendedLifetime(idle) {}
        }
    }
}

/// An open connection that says nothing.
private final class IdleSocket {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure.internal("connect: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }
}
