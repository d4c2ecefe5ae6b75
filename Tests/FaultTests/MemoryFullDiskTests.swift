import Core
import Foundation
import TestKit
import Testing

/// A server of memories whose disk fills up.
@Suite struct MemoryFullDiskTests {
    @Test func aFullDiskRefusesMemoriesAndLosesNone() async throws {
        let disk = try SmallDisk(size: 48 * 1_048_576)
        let data = "\(disk.path)/data"
        let settings = ["memories.dimensions=\(MemoryStorm.dimensions)", "memories.file_interval=100"]
        var shop = try await Shop(data: data, settings: settings)
        try await shop.process.waitUntilReady()
        let connection = try shop.connect()
        func put(_ number: Int) async throws -> RawConnection.Response {
            let pair = (0..<2).map { MemoryStorm.memory("m\(number)-\($0)", UInt64(2 * number + $0)) }
            return try await connection.exchange(
                "POST", "/memories/batch", "{\"points\":[\(pair.joined(separator: ","))]}")
        }
        try #require(try await put(0).status == 200)
        try disk.fill()
        var acknowledged = 1
        var refused: RawConnection.Response?
        for number in 1...4_000 where refused == nil {
            let answer = try await put(number)
            if answer.status == 200 { acknowledged += 1 } else { refused = answer }
        }
        #expect(refused?.status == 503 && refused?.code == "storage_full", "\(refused?.text ?? "never full")")
        let found = try await connection.exchange(
            "POST", "/memories/search",
            "{\"user_id\":\(MemoryStorm.user),\"query_vector\":\"\(MemoryStorm.vector(0))\",\"limit\":1}")
        #expect(found.status == 200 && found.text.contains("\"id\":\"m0-0\""), "\(found.text)")

        try disk.free()
        #expect(try await eventually { try await put(10_000).status == 200 })
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
        shop = try await Shop(data: data, settings: settings)
        try await shop.process.waitUntilReady()
        let verified = try await shop.send("POST", "/api/v1/collections/user_memories/verify")
        #expect(verified.json["problems"] == .array([]), "\(verified.text)")
        #expect(verified.json["points"] == .integer(Int64(2 * (acknowledged + 1))), "\(verified.text)")
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }
}
