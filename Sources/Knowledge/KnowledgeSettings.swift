public import Core

/// The settings of graphs.
public enum KnowledgeSettings {
    /// How many components vectors have.
    public static let dimensions = Setting(
        "knowledge.dimensions", default: 1_024, unit: "components", bounds: 1...65_536,
        moves: "http_requests_total{status=\"422\"}",
        "How many components the vectors of nodes, edges and episodes have; others are refused. Where it is changed, "
            + "what has a vector of another size is found without it until it is written again.")

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
        "Whether customers, products, categories, suppliers, orders and reservations of the shop are nodes and edges "
            + "too, in the group commerce. What the log does not tell any more is read from their tables. An order of "
            + "three lines is eight more writes, after its own, which is why it is off.")

    /// Who has the graphs.
    public static let engine = Setting(
        "knowledge.engine", default: GraphEngineChoice.embedded, moves: "graph_engine_seconds",
        "Who has the graphs and finds things in them: embedded is the memory of this server, falkordb a FalkorDB "
            + "server. The tables are the truth in each case.")

    /// Where FalkorDB is.
    public static let falkorDBURL = Setting(
        "knowledge.falkordb_url", default: OptionalSetting<FalkorDBURL>.none, moves: "graph_engine_seconds",
        "The FalkorDB server that has the graphs, as redis://user:password@host:port. One server writes it.")

    /// How many elements are read for the graph of a moment long ago.
    public static let pastElements = Setting(
        "knowledge.past_elements", default: 100_000, unit: "elements", bounds: 1...10_000_000,
        moves: "graph_past_elements_total",
        "How many nodes, edges and episodes of a tenant are read from the tables at most to search what was known at a "
            + "moment, where an engine beside this server has the graphs; a larger graph is refused. 100,000 take "
            + "about a second, and as many stay in memory for who asks again.")

    /// Where replicas of FalkorDB are.
    public static let falkorDBReplicas = Setting(
        "knowledge.falkordb_replicas", default: OptionalSetting<FalkorDBURLs>.none,
        moves: "graph_engine_late_replicas_total",
        "Replicas of FalkorDB that take turns at searches, with commas between them. One that is late or away is "
            + "passed over.")

    /// What the names of graphs begin with.
    public static let falkorDBPrefix = Setting(
        "knowledge.falkordb_prefix", default: OptionalSetting<GraphPrefix>.none, moves: "graph_engine_resets_total",
        "What the names of graphs begin with in FalkorDB; empty is millrace. Shops that share one have different ones.")

    /// How many connections there are.
    public static let falkorDBConnections = Setting(
        "knowledge.falkordb_connections", default: 32, unit: "connections", bounds: 1...1_024,
        moves: "graph_engine_seconds",
        "How many connections to FalkorDB, and to each of its replicas, searches share. They are made when they are "
            + "needed.")

    /// How many commands follow one another on a connection.
    public static let falkorDBPipeline = Setting(
        "knowledge.falkordb_pipeline", default: 16, unit: "commands", bounds: 1...1_024, moves: "graph_engine_seconds",
        "How many commands a connection to FalkorDB may have sent that are not answered; 1 sends each when the one "
            + "before it is answered.")

    /// How long FalkorDB may take for an answer.
    public static let engineTimeout = Setting(
        "knowledge.engine_timeout", default: 5_000, unit: "ms", bounds: 10...600_000,
        moves: "graph_engine_failures_total",
        "How long an answer of the graph engine beside this server may take before a search fails. Writing a batch may "
            + "take twelve times as long.")

    /// How many searches wait for FalkorDB at the same time.
    public static let engineSearches = Setting(
        "knowledge.engine_searches", default: 64, unit: "searches", bounds: 1...1_024, moves: "graph_engine_seconds",
        "How many searches wait for the graph engine beside this server at the same time, each with a thread; more "
            + "wait for their turn.")

    /// All of them.
    public static let all: [AnySetting] = [
        dimensions.erased, historyAge.erased, sweepInterval.erased, embedding.erased, embeddingPatience.erased,
        shop.erased, engine.erased, falkorDBURL.erased, pastElements.erased, falkorDBReplicas.erased,
        falkorDBPrefix.erased, falkorDBConnections.erased, falkorDBPipeline.erased, engineTimeout.erased,
        engineSearches.erased,
    ]
}
