import Server
import Storage
import TestKit
import Testing

@Suite struct StoreTests {
    /// A server that was killed leaves its leases behind. Whoever opens its files next need not wait for them.
    @Test func openingADataDirectoryEndsTheLeasesOfBefore() async throws {
        let directory = try TemporaryDirectory()
        let first = try await Store.open(directory.file("data"))
        _ = try await first.database.write {
            try $0.execute(
                "INSERT INTO leases (name, holder, token, expires_at) VALUES ('retention', 'gone', 41, \(Int64.max))")
        }
        await first.close()
        let second = try await Store.open(directory.file("data"))
        let leases = try await second.database.read {
            try $0.rows("SELECT token, expires_at FROM leases WHERE name = 'retention'") { [$0.int(0), $0.int(1)] }
        }
        #expect(leases == [[41, 0]])
        await second.close()
    }
}
