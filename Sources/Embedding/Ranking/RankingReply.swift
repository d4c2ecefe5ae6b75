import Core

/// What an answer of an endpoint that ranks comes to: the score of each text, in their order.
typealias RankingReply = EndpointReply<[Double]>

extension RankingReply {
    /// The scores of an answer `{"results":[{"index":0,"relevance_score":0.9}]}` or `[{"index":0,"score":0.9}]`, whose
    /// elements stand in any order, mostly with the best first.
    static func scores(_ body: [UInt8], count: Int) throws(Failure) -> [Double] {
        var scores = [Double?](repeating: nil, count: count)
        try EndpointTerms.ranking.read(body) { reader in
            if try reader.kind() == .array { return try read(&reader, into: &scores) }
            try reader.object { name, reader in
                guard name == "results" else { return _ = try reader.value() }
                try read(&reader, into: &scores)
            }
        }
        let found = scores.compactMap(\.self)
        guard found.count == count else {
            throw EndpointTerms.ranking.invalid("\(found.count) scores came for \(count) texts")
        }
        return found
    }

    private static func read(_ reader: inout JSONReader, into scores: inout [Double?]) throws {
        let count = scores.count
        try reader.array { reader in
            var place: Int?
            var score: Double?
            try reader.object { name, reader in
                switch name {
                case "index": place = try reader.index()
                case "relevance_score", "score": score = try reader.score()
                default: _ = try reader.value()
                }
            }
            guard let place, scores.indices.contains(place), scores[place] == nil else {
                throw reader.failure("It has no place among the \(count) texts, or one that is taken.")
            }
            guard let score else { throw reader.failure("A score is expected.", member: "relevance_score") }
            scores[place] = score
        }
    }
}

extension JSONReader {
    /// Reads a number that others can be compared with.
    fileprivate mutating func score() throws -> Double {
        guard case .number(let text) = try value(), let score = Double(text), score.isFinite else {
            throw failure("A number is expected.")
        }
        return score
    }
}

extension EndpointTerms {
    /// What ranks texts.
    static let ranking = EndpointTerms(
        settings: "knowledge.reranker", code: "reranker", product: "score", kind: "endpoint that ranks texts",
        otherwise: "take another reranker", less: "ask for fewer at once")

    /// The endpoint does not take what it is to rank.
    func unacceptable(_ count: Int, _ status: Int, _ reason: String) -> Failure {
        Failure(
            .badGateway, code: "\(code)_refused",
            "The endpoint of \(settings).url does not rank \(count) texts: it answers \(status): \(reason). Lower "
                + "\(settings).batch, or correct \(settings).format or \(settings).model, or send a shorter query.")
    }
}
