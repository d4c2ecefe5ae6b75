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
    /// By the likeness to what is searched for, less that to what stands before it (``MaximalMarginalRelevance``).
    case marginalRelevance = "mmr"
    /// By the number of edges between a node and the centre, the nearest first.
    case nodeDistance = "node_distance"
    /// By the number of episodes that tell of it, the most first.
    case episodeMentions = "episode_mentions"
    /// By the ranks that each method gives, and more for what is central in the graph.
    case centralityBoosted = "centrality_boosted"
    /// By how well a text answers the query, as a model says that reads both together (``RankingCandidate``).
    case crossEncoder = "cross_encoder"
}

/// Which way edges are followed.
public enum EdgeDirection: String, Sendable, CaseIterable {
    case outgoing = "out"
    case incoming = "in"
    case both
}
