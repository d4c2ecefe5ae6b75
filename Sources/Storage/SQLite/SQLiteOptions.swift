/// How a SQLite file is used, where that differs from the primary store.
public struct SQLiteOptions: Sendable {
    /// Whether what the file holds can be made anew from elsewhere, such as an index.
    ///
    /// Its commits then do not wait for the disk: a failure of the power may take the last of them away, in order and
    /// whole, so what remains is consistent.
    public let isDerived: Bool
    /// How much memory the writer keeps for pages, in MiB, with an eighth for each reader; nil for
    /// `storage.page_cache`.
    public let pageCache: Int?
    /// Is called with the `sqlite3 *` of each new connection, to register functions. The pointer is valid as long as
    /// the connection.
    public let prepare: (@Sendable (OpaquePointer) throws -> Void)?

    /// Options for a file of its own.
    public init(
        isDerived: Bool = false, pageCache: Int? = nil, prepare: (@Sendable (OpaquePointer) throws -> Void)? = nil
    ) {
        self.isDerived = isDerived
        self.pageCache = pageCache
        self.prepare = prepare
    }

    /// The primary store: every commit is on disk before its writer is told so.
    public static let primary = SQLiteOptions()
}
