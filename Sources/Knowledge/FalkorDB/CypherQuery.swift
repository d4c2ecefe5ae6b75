import Caching

/// A query in Cypher, whose text is one of ours: what comes from elsewhere stands in its parameters alone.
struct CypherQuery: Sendable {
    /// The query. A `StaticString` or pieces of them, so that nothing else gets into it.
    private(set) var text: String
    private(set) var parameters: [CypherValue.Member]

    /// A query with what it is given.
    init(_ text: StaticString, _ parameters: CypherValue.Member...) {
        self.text = "\(text)"
        self.parameters = parameters
    }

    /// A query of several pieces.
    init(_ pieces: [CypherQuery]) {
        text = pieces.map(\.text).filter { !$0.isEmpty }.joined(separator: " ")
        parameters = pieces.flatMap(\.parameters)
    }

    /// A piece that stands in the same query once more: its parameters are there already.
    var again: CypherQuery {
        var piece = self
        piece.parameters = []
        return piece
    }

    /// Puts pieces between others.
    static func joined(_ pieces: [CypherQuery], by separator: StaticString, ifEmpty: StaticString) -> CypherQuery {
        guard !pieces.isEmpty else { return CypherQuery(ifEmpty) }
        var joined = CypherQuery("")
        joined.text = pieces.map { "(\($0.text))" }.joined(separator: "\(separator)")
        joined.parameters = pieces.flatMap(\.parameters)
        return joined
    }

    /// A piece that compares a member with a parameter whose name is that of a place.
    static func comparing(
        _ member: StaticString, _ comparison: StaticString, _ place: Int, _ value: CypherValue
    ) -> CypherQuery {
        var piece = CypherQuery("", .init(place, value))
        piece.text = "\(member) \(comparison) $p\(place)"
        return piece
    }

    /// As FalkorDB reads it: the parameters first.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        bytes += "CYPHER ".utf8
        for parameter in parameters {
            bytes += parameter.name.utf8
            bytes.append(UInt8(ascii: "="))
            parameter.value.write(to: &bytes)
            bytes.append(UInt8(ascii: " "))
        }
        bytes += text.utf8
        return bytes
    }

    /// The command that asks it of a graph and changes nothing.
    ///
    /// - parameter milliseconds: after which FalkorDB gives it up.
    func reading(_ graph: String, milliseconds: Int) -> RedisCommand {
        RedisCommand(
            "graph.ro_query",
            arguments: [
                Array(graph.utf8), bytes, Array("--compact".utf8), Array("TIMEOUT".utf8),
                Array(String(max(1, milliseconds)).utf8),
            ])
    }

    /// The command that changes a graph by it.
    func writing(_ graph: String) -> RedisCommand {
        RedisCommand("graph.query", arguments: [Array(graph.utf8), bytes, Array("--compact".utf8)])
    }
}
