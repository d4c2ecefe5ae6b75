import ChangeLog
public import Core

/// Which episodes mention some nodes, as it was found before a unit of work begins.
public struct FoundMentions: Sendable {
    /// Their ids.
    let episodes: [String]
    /// How far the log was followed by then.
    let position: LogPosition

    /// The same with those that have come since, up to the unit of work.
    func all(of nodes: Set<String>, in unit: UnitOfWork) throws -> [String] {
        var ids = episodes
        var seen = Set(ids)
        var position = position
        let last = try ChangeLog.last(in: unit.transaction)
        while position < last {
            let batch = try ChangeLog.batch(
                after: position, upTo: last, limit: ChangeLog.batchLimits.upperBound,
                types: [ElementKind.episode.entityType], of: unit.tenant, in: unit.transaction)
            for document in batch.changes.compactMap(\.after) {
                let episode = try GraphEpisode(StoredFields(document))
                guard !nodes.isDisjoint(with: episode.mentions), seen.insert(episode.header.id).inserted else {
                    continue
                }
                ids.append(episode.header.id)
            }
            position = batch.upTo
        }
        return ids
    }
}

extension KnowledgeRole {
    /// The episodes that mention any of some nodes, for a change of all of them (``NodeMerger``).
    ///
    /// - throws: ``Failure`` `index_not_ready`.
    public func mentions(of nodes: [String], of tenant: Tenant) throws -> FoundMentions {
        // What is written after this position and found all the same is looked at twice, and nothing is missed.
        let position = follower.position
        return FoundMentions(episodes: try episodes(mentioning: nodes, of: tenant), position: position)
    }
}
