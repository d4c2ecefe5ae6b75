import Search

/// What stands in the graph of a tenant, and the indexes of it.
///
/// A node is a `Node`; one that an edge or an episode names and that is not there has no member `there`. An edge is a
/// relation `EDGE`, which ways lead along, and a `Fact`, by which it is found. An episode is an `Episode` with
/// relations `MENTIONS`. What has a vector has a second label, since an index of words that has vectors too gives each
/// text with a vector half of its score.
enum FalkorDBIndexes {
    /// The form of all this: graphs of another one are filled again.
    static func form(dimensions: Int) -> String { "2 \(dimensions)" }

    /// Makes the indexes of a new graph.
    static func creating(dimensions: Int) -> [CypherQuery] {
        [
            CypherQuery("CREATE INDEX FOR (n:Node) ON (n.id)"), CypherQuery("CREATE INDEX FOR (n:Fact) ON (n.id)"),
            CypherQuery("CREATE INDEX FOR (n:Episode) ON (n.id)"),
            CypherQuery("CREATE INDEX FOR ()-[e:EDGE]-() ON (e.id)"),
            CypherQuery("CREATE INDEX FOR (n:Node) ON (n.group)"),
            CypherQuery("CREATE INDEX FOR (n:Fact) ON (n.group)"),
            CypherQuery("CREATE INDEX FOR (n:Episode) ON (n.group)"),
            words("Node"), words("Fact"), words("Episode"),
            vectors("NodeVector", dimensions), vectors("FactVector", dimensions),
            vectors("EpisodeVector", dimensions),
        ]
    }

    /// The words are those of ours (``FalkorDBWords``): nothing is to be left out of them, or taken off their ends.
    private static func words(_ label: StaticString) -> CypherQuery {
        CypherQuery(
            "CALL db.idx.fulltext.createNodeIndex({label: $label, stopwords: []}, {field: 'text', nostem: true})",
            .init("label", .text("\(label)")))
    }

    private static func vectors(_ label: StaticString, _ dimensions: Int) -> CypherQuery {
        CypherQuery([
            CypherQuery("CREATE VECTOR INDEX FOR (n:"), CypherQuery(label), CypherQuery(") ON (n.embedding) OPTIONS"),
            CypherQuery(
                """
                {dimension: $dimensions, similarityFunction: 'cosine', M: 16, efConstruction: 100, efRuntime: 64}
                """, .init("dimensions", .integer(Int64(dimensions)))),
        ])
    }

    /// How far the making of indexes is.
    static let states = CypherQuery("CALL db.indexes() YIELD status RETURN status")
}

extension ElementKind {
    /// The label of what elements of the kind are found by.
    var label: StaticString {
        switch self {
        case .node: "Node"
        case .edge: "Fact"
        case .episode: "Episode"
        }
    }

    /// The label of those with a vector.
    var vectorLabel: StaticString {
        switch self {
        case .node: "NodeVector"
        case .edge: "FactVector"
        case .episode: "EpisodeVector"
        }
    }
}

/// Words as the index of FalkorDB keeps them: those of the ``Tokenizer``, so that both engines find the same.
enum FalkorDBWords {
    /// What stands behind each word: so it is none that the index would leave out, nor does it end like one that it
    /// knows other forms of.
    private static let mark: Character = "0"

    /// The words of texts; nil when they have none.
    static func text(_ texts: [String]) -> String? {
        let words = texts.flatMap(words)
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    /// A query for any of the words of a text; nil when it has none.
    static func query(_ text: String) -> String? {
        var seen: Set<String> = []
        let words = words(text).filter { seen.insert($0).inserted }.prefix(PayloadIndex.rankedWordLimit)
        return words.isEmpty ? nil : words.joined(separator: "|")
    }

    private static func words(_ text: String) -> [String] {
        Tokenizer.words(text).map { String(decoding: $0, as: UTF8.self) + String(mark) }
    }
}
