import Core

/// What an answer of the endpoint comes to: the vectors of all texts, in their order.
typealias EmbeddingReply = EndpointReply<[[Float]]>

extension EmbeddingReply {
    /// How many components a vector may have.
    private static var componentLimit: Int { 65_536 }

    /// The vectors of an answer `{"data":[{"index":0,"embedding":[…]}]}`, whose elements stand in any order.
    static func vectors(_ body: [UInt8], count: Int) throws(Failure) -> [[Float]] {
        var vectors = [[Float]?](repeating: nil, count: count)
        var number = 0
        try EndpointTerms.embedding.read(body) { reader in
            try reader.object { name, reader in
                guard name == "data" else { return _ = try reader.value() }
                try reader.array { reader in
                    let element = try element(&reader)
                    let place = element.index ?? number
                    number += 1
                    guard vectors.indices.contains(place), vectors[place] == nil else {
                        throw reader.failure("It has no place among the \(count) texts, or one that is taken.")
                    }
                    vectors[place] = element.vector
                }
            }
        }
        guard number == count else {
            throw EndpointTerms.embedding.invalid("\(number) vectors came for \(count) texts")
        }
        return vectors.compactMap(\.self)
    }

    private static func element(_ reader: inout JSONReader) throws -> (index: Int?, vector: [Float]) {
        var index: Int?
        var vector: [Float]?
        try reader.object { name, reader in
            switch name {
            case "index": index = try reader.index()
            case "embedding": vector = try reader.floats(limit: componentLimit)
            default: _ = try reader.value()
            }
        }
        guard let vector else { throw reader.failure("A vector is expected.", member: "embedding") }
        return (index, vector)
    }
}

extension JSONReader {
    /// Reads the place of something that was sent among the others.
    mutating func index() throws -> Int {
        guard case .number(let text) = try value(), let place = Int(text) else {
            throw failure("A whole number is expected.")
        }
        return place
    }
}
