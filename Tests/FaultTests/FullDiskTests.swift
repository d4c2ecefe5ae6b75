import Commerce
import Core
import Foundation
import Storage
import Telemetry
import TestKit
import Testing

/// A server whose disk fills up.
@Suite struct FullDiskTests {
    /// How large the disk is, in bytes.
    private static let size = 24 * 1_048_576

    @Test func aFullDiskIsAnErrorToTheWriterAndNotACorruption() async throws {
        let disk = try SmallDisk(size: Self.size)
        let data = "\(disk.path)/data"
        let shop = try await Shop(data: data)
        try await shop.stock(1, units: 10)
        try disk.fill()

        let connection = try shop.connect()
        var acknowledged = 0
        var refused: RawConnection.Response?
        for _ in 0..<2_000 where refused == nil {
            let answer = try await connection.exchange(
                "POST", "/api/v1/inventory/receive", #"{"sku":"s0","quantity":1}"#)
            if answer.status < 300 { acknowledged += 1 } else { refused = answer }
        }
        #expect(refused?.status == 503)
        #expect(refused?.code == "storage_full", "\(refused?.text ?? "never full")")
        #expect(refused?.headers["content-type"] == "application/problem+json")
        for _ in 0..<20 {
            let order = try await connection.exchange(
                "POST", "/api/v1/orders", #"{"items":[{"sku":"s0","quantity":1}]}"#)
            #expect(order.status == 503 && order.code == "storage_full", "\(order.status) \(order.text)")
        }
        let level = try await connection.exchange("GET", "/api/v1/inventory/s0")
        #expect(level.status == 200)
        #expect(level.json["on_hand"] == .integer(Int64(10 + acknowledged)))

        try disk.free()
        #expect(
            try await eventually {
                try await connection.exchange(
                    "POST", "/api/v1/orders", #"{"items":[{"sku":"s0","quantity":1}]}"#
                ).status == 201
            })
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
        let database = try SQLiteDatabase(path: "\(data)/millrace.sqlite", metrics: MetricsRegistry())
        #expect(try await database.read { try $0.rows("PRAGMA integrity_check") { $0.text(0) } } == ["ok"])
        #expect(try await database.read { try CommerceAudit.run(in: $0, of: .sqlite) } == [])
        await database.close()
    }
}
