import Foundation
import TestKit
import Testing

/// As many idle connections as a busy shop has.
@Suite struct IdleConnectionTests {
    private static let count = 10_000
    /// What an idle connection may cost the server, in KiB.
    private static let memoryOfConnection = 16

    @Test func tenThousandIdleConnectionsCostLittleAndEnd() async throws {
        try await Shop.run(settings: ["api.idle_timeout=15000"]) { shop in
            #expect(try await shop.send("GET", "/api/v1/orders").status == 200)
            let before = try shop.residentMemory()
            let idle = try IdleClients(Self.count, port: shop.port)
            defer { idle.end() }
            let arrived = try await eventually(within: .seconds(30)) {
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
        }
    }
}

/// A process that holds open connections which say nothing: those of the tests' own would use up what it may open.
private final class IdleClients {
    private static let script = """
        import resource, socket, sys
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        held = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(int(sys.argv[2]))]
        sys.stdin.read()
        """

    private let program: Program
    private let input = Pipe()

    init(_ count: Int, port: Int) throws {
        program = try Program(
            ["python3", "-c", Self.script, String(port), String(count)],
            input: input.fileHandleForReading.fileDescriptor)
    }

    /// Ends the process, and with it the connections that are left.
    func end() {
        input.fileHandleForWriting.closeFile()
        program.wait()
    }
}
