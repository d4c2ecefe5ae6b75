import Core
import Storage

/// Makes what a sink makes of the tables of entities, a page at a time, where the log does not tell all of it any more.
///
/// Pages are read one after the other while others write, each as it is then. What was changed since the position of
/// the reading is taken over from the log afterwards, and comes to the same whether a page had it already or not.
struct FeedReader<Sink: FeedSink>: Sendable {
    /// How many entities are read at once.
    private static var pageLimit: Int { 200 }
    /// How much one unit of work writes, unless one entity alone makes more. Others wait so long.
    private static var updateLimit: Int { 500 }
    /// How many places are looked at by one unit of work.
    private static var sweepLimit: Int { 500 }
    /// How many places are forgotten by one unit of work.
    private static var forgetLimit: Int { 5_000 }

    let sink: Sink
    let log: ChangeLog
    let entities: any EntityImages

    private var findings: FeedFindings { FeedFindings(feed: sink.name) }

    /// Does the next part of a reading.
    ///
    /// - parameter grant: refuses the transaction once the lease is lost; nil where nobody else can do the same work.
    /// - returns: how many entities were read.
    func step(_ reading: FeedReading, under grant: LeaseGrant?) async throws -> Int {
        switch reading.stage {
        case .read(let type): return try await read(type, reading, grant)
        case .sweep: try await sweep(reading, grant)
        case .end: try await forget(reading, grant)
        }
        return 0
    }

    private func read(_ type: String, _ reading: FeedReading, _ grant: LeaseGrant?) async throws -> Int {
        let page = try await log.database.read { [entities] transaction in
            try entities.images(of: type, after: reading.entity, limit: Self.pageLimit, in: transaction)
        }
        guard let first = page.first else {
            try await save(reading.inNextStage(of: sink.types), grant)
            return 0
        }
        var (update, last, count) = (Sink.Update(), first.key, 0)
        for image in page.prefix(while: { $0.key.tenant == first.key.tenant }) {
            let made = try sink.update(of: type, try FeedEntity(image.document), before: nil) ?? Sink.Update()
            guard count == 0 || update.count + made.count <= Self.updateLimit else { break }
            update.append(made)
            (last, count) = (image.key, count + 1)
        }
        try await write(update, reading.advanced(to: last), of: first.key.tenant, grant)
        return count
    }

    /// Takes out what the tables made once and make no more.
    private func sweep(_ reading: FeedReading, _ grant: LeaseGrant?) async throws {
        let swept = try await log.database.read { [sink, findings] transaction -> (last: FeedPlace, Sink.Update)? in
            let page = try sink.places(after: reading.place, limit: Self.sweepLimit, in: transaction)
            guard let first = page.first else { return nil }
            let part = page.prefix { $0.tenant == first.tenant }
            let left = try findings.missing(part, at: reading.position, in: transaction)
            let update = left.isEmpty ? Sink.Update() : try sink.update(withoutPlaces: left, in: transaction)
            return (part.last ?? first, update)
        }
        guard let (last, update) = swept else { return try await save(reading.inNextStage(of: sink.types), grant) }
        try await write(update, reading.advanced(to: last.bytes), of: last.tenant, grant)
    }

    private func write(
        _ update: Sink.Update, _ reading: FeedReading, of tenant: Tenant, _ grant: LeaseGrant?
    ) async throws {
        let notes = findings.notes(update.places(of: tenant), at: reading.position)
        _ = try await log.write(ChangeContext(tenant: tenant, actor: sink.name)) { [sink] unit in
            try grant?.check(in: unit.transaction)
            try sink.write(update, in: unit)
            for note in notes { try unit.transaction.enqueue(note) }
            try reading.save(sink.name, in: unit.transaction)
        }
    }

    /// Forgets what was found. After the last of it the log is followed from the position of the reading.
    private func forget(_ reading: FeedReading, _ grant: LeaseGrant?) async throws {
        _ = try await log.database.write { [sink, findings] transaction in
            try grant?.check(in: transaction)
            guard try findings.forget(limit: Self.forgetLimit, in: transaction) < Self.forgetLimit else { return }
            try FeedReading.remove(sink.name, in: transaction)
            try FeedProgress.save(reading.position, sink.name, in: transaction)
        }
    }

    /// Stores how far a reading is of which nothing was written.
    func save(_ reading: FeedReading, _ grant: LeaseGrant?) async throws {
        _ = try await log.database.write { [sink] transaction in
            try grant?.check(in: transaction)
            try reading.save(sink.name, in: transaction)
        }
    }
}
