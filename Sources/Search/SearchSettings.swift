public import Core

/// The settings of the indexes.
public enum SearchSettings {
    /// How much memory an index keeps for pages.
    public static let pageCache = Setting(
        "search.page_cache", default: 16, unit: "MiB", bounds: 1...65_536, moves: "process_resident_memory_bytes",
        "How much memory the writer of each index may take for pages; its readers take an eighth each.")

    /// All of them.
    public static let all: [AnySetting] = [pageCache.erased]
}
