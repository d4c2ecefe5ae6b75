/// How elements of a graph are found.
public enum SearchMethod: String, Sendable, CaseIterable {
    /// By the words of their texts.
    case fullText = "fulltext"
    /// By the likeness of their vectors.
    case similarity
    /// By the edges that lead to them.
    case breadthFirst = "bfs"
}

/// How what several methods have found becomes one ranking.
public enum Reranker: String, Sendable, CaseIterable {
    /// By the ranks that each method gives (``RankFusion``).
    case reciprocalRank = "rrf"
}

/// Which way edges are followed.
public enum EdgeDirection: String, Sendable, CaseIterable {
    case outgoing = "out"
    case incoming = "in"
    case both
}
