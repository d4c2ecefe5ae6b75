import Core
import Storage
import TestKit
import Testing

/// A follower of the change log over HTTP, who remembers where it is and asks for what comes after.
struct LogReader: Sendable {
    /// What it has read, in the order in which it came.
    private(set) var positions: [Int] = []
    private var after = "0"

    /// A reader who has read what there was until it was told to stop, whatever happened to the server meanwhile.
    static func following(_ shop: Shop, until flag: StopFlag) async throws -> LogReader {
        var reader = LogReader()
        while !flag.isRaised {
            // A server that is out of reach is asked again, from where we were.
            if try await reader.next(shop, seen: nil) != true { try await Task.sleep(for: .milliseconds(20)) }
        }
        return reader
    }

    /// Expects that each reader, one for each server, gets each change once and in order.
    ///
    /// - parameter readers: those who have read a part already; nil is new ones.
    static func expectWholeLog(of cluster: Cluster, _ readers: [LogReader]? = nil) async throws {
        try await cluster.withDatabase { database in
            let seen = try await Self.positions(in: database).last ?? 0
            for (index, shop) in cluster.shops.enumerated() {
                var reader = readers?[index] ?? LogReader()
                #expect(readers == nil || reader.positions.count > 20)
                try await reader.finish(shop, seen: seen)
                // Servers may write something of their own meanwhile.
                let last = try #require(reader.positions.last)
                #expect(last >= seen)
                #expect(reader.positions == (try await Self.positions(in: database).filter { $0 <= last }))
            }
        }
    }

    private static func positions(in database: any Database) async throws -> [Int] {
        try await database.read {
            try $0.rows("SELECT position FROM changes ORDER BY position") { Int($0.integer(0)) }
        }
    }

    /// Reads all up to a position that somebody has seen.
    private mutating func finish(_ shop: Shop, seen position: Int) async throws {
        while true {
            let hasMore = try await next(shop, seen: position)
            guard try #require(hasMore) else { return }
        }
    }

    /// Reads the next part. Returns whether there was any; nil when the server cannot tell.
    private mutating func next(_ shop: Shop, seen: Int?) async throws -> Bool? {
        let headers = seen.map { ["Millrace-Position: \($0)"] } ?? []
        let answer = try await shop.send("GET", "/api/v1/changes?after=\(after)&limit=1000", headers: headers)
        guard answer.status == 200, case .array(let items) = answer.json["items"],
            case .number(let next) = answer.json["next_after"]
        else {
            #expect(answer.status == 503, "\(answer.text)")
            return nil
        }
        after = next
        for item in items {
            guard case .object(let change) = item, case .number(let position) = change["position"] else { continue }
            positions.append(try #require(Int(position)))
        }
        return !items.isEmpty
    }
}

/// A product that is renamed on one server and read on another.
struct RenamedProduct: Sendable {
    let path: String
    let sku: String
    /// A read that has seen this position sees the product.
    let position: String
    private(set) var name = "Thing"
    private var tag: String
    private var number = 0

    /// Makes the product.
    init(_ sku: String, on shop: Shop) async throws {
        self.sku = sku
        let body = #"{"sku":"\#(sku)","name":"Thing","price":"1.00","currency":"USD"}"#
        let made = try await shop.send("POST", "/api/v1/products", body)
        let id = try #require(made["id"], "\(made.text)")
        path = "/api/v1/products/\(id)"
        tag = try #require(made.headers["etag"])
        position = try #require(made.headers["millrace-position"])
    }

    /// Renames it and returns the position of that.
    mutating func rename(_ connection: RawConnection) async throws -> String {
        number += 1
        name = "Thing \(number)"
        let written = try await connection.exchange(
            "PATCH", path, #"{"name":"\#(name)"}"#, headers: ["If-Match: \(tag)"])
        try #require(written.status == 200, "\(written.text)")
        tag = try #require(written.headers["etag"])
        return try #require(written.headers["millrace-position"])
    }

    /// Renames it on one server and reads it and the list on another, so many times.
    mutating func expectNoStaleRead(from writer: Shop, to reader: Shop, rounds: Int) async throws {
        let (first, second) = (try writer.connect(), try reader.connect())
        for _ in 1...rounds {
            let headers = ["Millrace-Position: \(try await rename(first))"]
            let seen = try await second.exchange("GET", path, headers: headers)
            #expect(seen["name"] == name, "\(seen.text)")
            let listed = try await second.exchange("GET", "/api/v1/products?sku=\(sku)", headers: headers)
            #expect(listed.text.contains(#""name":"\#(name)""#), "\(listed.text)")
        }
    }
}
