public import Core

/// The settings of graphs.
public enum KnowledgeSettings {
    /// How many components vectors have.
    public static let dimensions = Setting(
        "knowledge.dimensions", default: 1_024, unit: "components", bounds: 1...65_536,
        moves: "http_requests_total{status=\"422\"}",
        "How many components the vectors of nodes, edges and episodes have; others are refused.")

    /// All of them.
    public static let all: [AnySetting] = [dimensions.erased]
}
