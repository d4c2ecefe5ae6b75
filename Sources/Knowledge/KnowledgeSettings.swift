public import Core

/// The settings of graphs.
public enum KnowledgeSettings {
    /// How many components vectors have.
    public static let dimensions = Setting(
        "knowledge.dimensions", default: 1_024, unit: "components", bounds: 1...65_536,
        moves: "http_requests_total{status=\"422\"}",
        "How many components the vectors of nodes, edges and episodes have; others are refused.")

    /// How long it is kept what elements of graphs were.
    public static let historyAge = Setting(
        "knowledge.history_age", default: 87_600, unit: "hours", bounds: 1...876_000,
        moves: "graph_versions_deleted_total",
        "How long it is kept what nodes, edges and episodes were before they were changed or deleted, so that it can "
            + "be asked what was known at a moment.")

    /// How often it is looked for what was kept for long enough.
    public static let sweepInterval = Setting(
        "knowledge.sweep_interval", default: 60_000, unit: "ms", bounds: 100...86_400_000,
        moves: "graph_versions_deleted_total", "How often it is looked for what was kept for long enough.")

    /// Whether texts become vectors.
    public static let embedding = Setting(
        "knowledge.embedding", default: Flag(true), moves: "embedding_texts_total",
        "Whether nodes, edges, episodes and queries that come without a vector get one of their text, where "
            + "embedding.url is set. It is on, since what has no vector is silently missing from what is found by "
            + "likeness.")

    /// How long a search waits for a vector that it can do without.
    public static let embeddingPatience = Setting(
        "knowledge.embedding_patience", default: 2_000, unit: "ms", bounds: 10...600_000,
        moves: "embedding_failures_total",
        "How long a search that names no methods waits for the vector of its query; then it goes on by words, and says "
            + "so. One that asks for likeness waits for embedding.timeout.")

    /// Whether the shop is a graph too.
    public static let shop = Setting(
        "knowledge.shop", default: Flag(false), moves: "shop_graph_changes_total",
        "Whether customers, products, categories, suppliers, orders and reservations of the shop are nodes and edges too, "
            + "in the group commerce. It begins with the oldest change that is kept. An order of three lines is eight "
            + "more writes, after its own, which is why it is off.")

    /// All of them.
    public static let all: [AnySetting] = [
        dimensions.erased, historyAge.erased, sweepInterval.erased, embedding.erased, embeddingPatience.erased,
        shop.erased,
    ]
}
