import Core
import Foundation
import Server
import Storage
import Telemetry
import TestKit
import Testing

/// `millrace migrate`, killed while it copies.
@Suite struct RelocationCrashTests {
    private static let products = 3_000

    @Test func killedAgainAndAgainItEndsWithTheSameChecksums() async throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        try await Self.fill(data, directory)
        let server = try await PostgresServer.shared()
        let (whole, url) = (try server.makeDatabase(), try server.makeDatabase())
        let expected = try await ServerProcess.run(["migrate", "--from", data, "--to", whole])
        #expect(expected.status == 0, "\(expected.errors)")

        let database = try await PostgresDatabase(PostgresOptions(url: url), metrics: MetricsRegistry())
        let command = ["migrate", "--from", data, "--to", url, "--batch", "10"]
        for round in 0..<4 {
            let wanted = Self.products * round / 2 + Int.random(in: 1...Self.products / 3, using: &random)
            let running = try RunningCommand(command)
            let hasBegun = try await eventually(within: .seconds(60)) { try await Self.rows(database) >= wanted }
            let status = await running.kill()
            #expect(hasBegun && status == 128 + SIGKILL, "round \(round), \(random): \(status) \(running.errors)")
            await #expect(throws: Failure.self) { try await Relocation.checkFinished(database) }
        }
        let tampered: SQL = "UPDATE balances SET on_hand = on_hand + 1 WHERE sku = 'p7'"
        #expect(try await database.write { try $0.execute(tampered) } == 1)
        let refused = try await ServerProcess.run(command)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("balances has other values in its \(Self.products) rows"), "\(refused.errors)")
        _ = try await database.write { try $0.execute("UPDATE balances SET on_hand = on_hand - 1 WHERE sku = 'p7'") }
        let finished = try await ServerProcess.run(command)
        #expect(finished.status == 0, "\(random): \(finished.errors)")
        #expect(Self.tables(finished.output) == Self.tables(expected.output), "\(random)")
        #expect(Self.tables(finished.output).count > 20)
        #expect(finished.output.contains("Set storage.url"))
        let again = try await ServerProcess.run(command)
        #expect(again.status == 1 && again.errors.contains("not from an unfinished relocation"), "\(again.errors)")
        await database.close()
        for url in [whole, url] { try server.dropDatabase(url) }
    }

    /// Makes a shop of many products.
    private static func fill(_ data: String, _ directory: TemporaryDirectory) async throws {
        let rows = (0..<products).map { "p\($0),Product \($0),1.25,USD,5" }
        let file = directory.file("products.csv")
        try "sku,name,price,currency,quantity\n\(rows.joined(separator: "\n"))\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        for kind in ["products", "inventory"] {
            let imported = try await ServerProcess.run(["import", kind, file, "--data", data])
            #expect(imported.output.contains("\(products) written"), "\(imported.output) \(imported.errors)")
        }
    }

    /// How many rows of the larger tables have arrived.
    private static func rows(_ database: PostgresDatabase) async throws -> Int {
        let tables = try await database.tables().filter { ["changes", "products", "variants"].contains($0.name) }
        return try await database.read { transaction in try tables.reduce(0) { try $0 + transaction.count($1) } }
    }

    /// The lines of a report that tell of tables.
    private static func tables(_ report: String) -> [Substring] {
        report.split(separator: "\n").filter { $0.contains("  sha256 ") }
    }
}
