import ChangeLog
import Core
import Logging
import Storage
import Telemetry

/// Whether what an engine beside this server has is of the log of this server.
extension CollectionIndexes {
    /// What stands in the log at a position.
    func mark(at position: LogPosition) async throws -> LogMark {
        try await log.database.read { try LogMark(position, in: $0) }
    }

    /// Opens the sets of a collection at a start. Those of another log are thrown away, since nothing of them can be
    /// told to be right: somebody has put a backup in the place of the database, or a copy of it writes there too.
    ///
    /// - returns: everything up to there is in all of them; nil when they have to be filled.
    func openOwn(_ sets: [EngineVectors], of collection: PointCollection) async throws -> LogPosition? {
        let opened = try await engines.open(sets)
        var foreign: LogPosition?
        for (vectors, mark) in zip(sets, opened) {
            if let mark, try await self.mark(at: mark.position) != mark { foreign = mark.position }
            if let position = try await positionAhead(of: vectors) { foreign = position }
        }
        guard let foreign else {
            let positions = opened.compactMap { $0?.position }
            return positions.count == sets.count ? positions.min() : nil
        }
        logger.warning(
            """
            the vectors of a collection beside this server are of another log, as after a backup was restored: they \
            are deleted there and filled again from the tables
            """,
            metadata: ["collection": "\(collection.name)", "position": "\(foreign)"])
        engines.metrics.resets.increment()
        try await engines.external?.drop(collection)
        _ = try await engines.open(sets)
        return nil
    }

    /// The position of anything that the engine has in a set and that this log has not come to; nil where there is
    /// nothing.
    private func positionAhead(of vectors: EngineVectors) async throws -> LogPosition? {
        var last = try await lastPosition()
        while let later = try await engines.later(than: last, in: vectors) {
            // Another server on this log may have written it since. Then the log has come to it, too.
            last = try await lastPosition()
            if later > last { return later }
        }
        return nil
    }

    private func lastPosition() async throws -> LogPosition {
        try await log.database.read { try ChangeLog.last(in: $0) }
    }
}
