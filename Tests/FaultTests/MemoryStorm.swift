import Core
import Foundation
import TestKit
import Testing

/// One client's writes of memories to a server that may end at any moment, and what it was told of them.
struct MemoryStorm: Sendable {
    /// What memories are to be: the seeds of their vectors by their ids; nil where one was deleted.
    typealias Expected = [String: UInt64?]

    /// How many components the vectors have.
    static let dimensions = 1_024
    /// The only user.
    static let user = 7

    /// What was answered.
    private(set) var acknowledged: Expected = [:]
    /// What was sent together and not answered.
    private(set) var pending: Expected = [:]
    private let name: String
    private var random: SeededRandom

    init(name: String, seed: UInt64) {
        self.name = name
        random = SeededRandom(seed: seed)
    }

    /// Writes until the connection breaks.
    mutating func run(on shop: Shop) async {
        guard let connection = try? shop.connect() else { return }
        for number in 0... {
            let (request, expected) = next(number)
            pending = expected
            // A broken connection is what the storm waits for.
            guard let answer = try? await connection.exchange(request.method, request.path, request.body) else {
                return
            }
            guard answer.status == 200 else {
                Issue.record("\(request.method) \(request.path): \(answer.status) \(answer.text)")
                return
            }
            pending = [:]
            acknowledged.merge(expected) { $1 }
        }
    }

    private mutating func next(
        _ number: Int
    ) -> (request: (method: String, path: String, body: String?), expected: Expected) {
        let known = acknowledged.compactMap { $0.value == nil ? nil : $0.key }.sorted()
        switch number % 5 {
        case 3:
            let seeds = (0..<3).map { ("\(name)-\(number)-\($0)", random.next()) }
            let bodies = seeds.map { Self.memory($0.0, $0.1) }.joined(separator: ",")
            let expected = Expected(uniqueKeysWithValues: seeds.map { ($0.0, $0.1) })
            return (("POST", "/memories/batch", "{\"points\":[\(bodies)]}"), expected)
        case 4:
            if let id = known.randomElement(using: &random) {
                return (("DELETE", "/memories/\(id)", nil), [id: nil])
            }
        case 2:
            if let id = known.randomElement(using: &random) {
                let seed = random.next()
                return (("POST", "/memories", Self.memory(id, seed)), [id: seed])
            }
        default: break
        }
        let (id, seed) = ("\(name)-\(number)", random.next())
        return (("POST", "/memories", Self.memory(id, seed)), [id: seed])
    }

    /// The body of a memory with the vector of a seed.
    static func memory(_ id: String, _ seed: UInt64) -> String {
        """
        {"point_id":"\(id)","vector":"\(vector(seed))","payload":{"user_id":\(user),"category":"c","key":"\(seed)",\
        "value":"v","source":"s","created":1,"updated":1,"active":true}}
        """
    }

    /// The base64 of a vector of random components: any two of them are nearly at right angles.
    static func vector(_ seed: UInt64) -> String {
        var random = SeededRandom(seed: seed)
        let components = (0..<dimensions).map { _ in Float(Int64(bitPattern: random.next()) >> 40) }
        return components.withUnsafeBytes { Data($0).base64EncodedString() }
    }
}
