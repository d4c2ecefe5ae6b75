import Synchronization

/// The definitions of collections as they were parsed last, by the bytes that stand in the table: every write reads the
/// definition of its collection.
final class StoredDefinitions: Sendable {
    /// How many are kept. Beyond that all are forgotten, which costs one parsing each.
    private static let limit = 1_000

    private let parsed = Mutex<[[UInt8]: CollectionDefinition]>([:])

    /// What some bytes in the table say.
    func definition(_ stored: [UInt8]) throws -> CollectionDefinition {
        if let known = parsed.withLock({ $0[stored] }) { return known }
        let definition = try CollectionDefinition(stored: stored)
        parsed.withLock { parsed in
            if parsed.count >= Self.limit { parsed.removeAll() }
            parsed[stored] = definition
        }
        return definition
    }
}
