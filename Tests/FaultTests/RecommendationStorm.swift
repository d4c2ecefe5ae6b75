import Core
import TestKit
import Testing

/// What one client tells a server that may end at any moment of what users do, and what it was told of it.
struct RecommendationStorm: Sendable {
    /// What each user did something with, once for each time.
    typealias Expected = [String: [String]]

    /// All entities that there are.
    static let items = (0..<20).map { "e\($0)" }

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

    /// An interaction as a body has it.
    static func row(_ user: String, _ item: String) -> String {
        #"{"user_id":"\#(user)","entity_id":"\#(item)","entity_type":"product","interaction_type":"view"}"#
    }

    /// Writes until the connection breaks.
    mutating func run(on shop: Shop) async {
        guard let connection = try? shop.connect() else { return }
        for number in 0... {
            // Few of each user at once, so that something is left to be recommended.
            let user = "\(name)-\(number / 4)"
            let count = number % 4 == 3 ? 3 : 1
            let items = (0..<count).map { _ in Self.items[Int.random(in: 0..<Self.items.count, using: &random)] }
            pending = [user: items]
            let rows = items.map { Self.row(user, $0) }.joined(separator: ",")
            let (path, body) =
                count == 1
                ? ("/api/v1/interactions", rows) : ("/api/v1/interactions/bulk", #"{"interactions":[\#(rows)]}"#)
            // A broken connection is what the storm waits for.
            guard let answer = try? await connection.exchange("POST", path, body) else { return }
            guard answer.status == (count == 1 ? 201 : 202) else {
                Issue.record("\(path): \(answer.status) \(answer.text)")
                return
            }
            pending = [:]
            acknowledged[user, default: []] += items
        }
    }
}
