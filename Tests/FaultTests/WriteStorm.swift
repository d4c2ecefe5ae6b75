import Core
import Foundation
import TestKit
import Testing

/// One client's writes to a server that may end at any moment, and what it was told of them.
struct WriteStorm: Sendable {
    /// A write with its key.
    struct Write: Sendable {
        enum Kind: CaseIterable, Sendable { case order, reservation, receipt, payment, cancellation, product }

        let kind: Kind
        let path: String
        let body: String?
        /// The Idempotency-Key, which also stands in what is written.
        let key: String
    }

    /// A write that the server has answered.
    struct Acknowledged: Sendable {
        let write: Write
        let answer: RawConnection.Response
    }

    /// What was answered, in order.
    private(set) var acknowledged: [Acknowledged] = []
    /// What was sent and not answered.
    private(set) var pending: Write?
    /// How long the slowest write took, with all its repetitions.
    private(set) var longest = Duration.zero
    /// How often it was told to try again.
    private(set) var refusals = 0
    private let name: String
    private var random: SeededRandom
    private var orders: [String] = []

    init(name: String, seed: UInt64) {
        self.name = name
        random = SeededRandom(seed: seed)
    }

    /// Writes until the connection breaks, so many times, or as long as a closure says.
    mutating func run(on shop: Shop, times: Int = .max, while goesOn: () -> Bool = { true }) async {
        guard let connection = try? shop.connect() else { return }
        for number in 0..<times {
            guard goesOn() else { return }
            let write = next(key: "\(name)-\(number)")
            pending = write
            let start = ContinuousClock.now
            defer { longest = max(longest, ContinuousClock.now - start) }
            // A broken connection is what the storm waits for.
            guard let answer = try? await insist(write, on: connection) else { return }
            pending = nil
            acknowledged.append(.init(write: write, answer: answer))
            if write.kind == .order, answer.status == 201, let id = answer["id"] { orders.append(id) }
        }
    }

    /// Sends a write, and again while the server says that its database is away.
    private mutating func insist(_ write: Write, on connection: RawConnection) async throws -> RawConnection.Response {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let answer = try await connection.send(write)
            guard answer.status == 503, ContinuousClock.now < deadline else { return answer }
            #expect(answer.headers["retry-after"] != nil, "\(answer.text)")
            refusals += 1
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private mutating func next(key: String) -> Write {
        var kind = Write.Kind.allCases.randomElement(using: &random) ?? .order
        if orders.isEmpty, kind == .payment || kind == .cancellation { kind = .order }
        let sku = Int.random(in: 0..<4, using: &random)
        let quantity = Int.random(in: 1...3, using: &random)
        let order = orders.randomElement(using: &random) ?? ""
        switch kind {
        case .order:
            let items = [sku, sku + 1].map { #"{"sku":"s\#($0)","quantity":\#(quantity)}"# }.joined(separator: ",")
            return Write(
                kind: kind, path: "/api/v1/orders", body: #"{"notes":"\#(key)","items":[\#(items)]}"#, key: key)
        case .reservation:
            let body = #"{"sku":"s\#(sku)","quantity":\#(quantity),"reference":"\#(key)"}"#
            return Write(kind: kind, path: "/api/v1/inventory/reserve", body: body, key: key)
        case .receipt:
            let body = #"{"sku":"s\#(sku)","quantity":\#(quantity),"reference":"\#(key)"}"#
            return Write(kind: kind, path: "/api/v1/inventory/receive", body: body, key: key)
        case .payment:
            let body = #"{"amount":"1.00","reference":"\#(key)"}"#
            return Write(kind: kind, path: "/api/v1/orders/\(order)/payments", body: body, key: key)
        case .cancellation:
            return Write(kind: kind, path: "/api/v1/orders/\(order)/cancel", body: #"{"reason":"\#(key)"}"#, key: key)
        case .product:
            let word = key.replacing("-", with: "x")
            let body = #"{"sku":"\#(key)","name":"Storm \#(word)","price":"1.00","currency":"USD"}"#
            return Write(kind: kind, path: "/api/v1/products", body: body, key: key)
        }
    }
}

extension RawConnection {
    /// Sends a write under its key.
    func send(_ write: WriteStorm.Write) async throws -> Response {
        try await exchange("POST", write.path, write.body, headers: ["Idempotency-Key: \(write.key)"])
    }
}
