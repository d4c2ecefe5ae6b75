import ChangeLog
import Core
import Storage

/// The index of events by their words: rows that are stored together with the position up to which the log is matched,
/// so what an observer with a `search` action matches stands there once, on each engine and for every instance.
enum EventIndex {
    /// An event that goes into the index.
    struct Entry: Sendable {
        let position: LogPosition
        let tenant: Tenant
        let time: Timestamp
        let words: EventWords

        /// The entry of a change.
        ///
        /// - throws: ``Failure`` `malformed_json` when an image of it is none.
        init(_ change: Change) throws {
            position = change.position
            tenant = change.tenant
            time = change.time
            words = try EventWords(change)
        }
    }

    /// How many places of words one call looks at, roughly.
    static let candidateLimit = 20_000
    /// How many events it looks at in any case.
    private static let fewestCandidates = 200
    /// How many of them one query looks at.
    private static let chunk = 256
    /// How many words may begin like one that is looked for.
    static let expansionLimit = 200
    /// How far the events of a word are counted to find the rarest one.
    private static let countLimit: Int64 = 1_000
    /// How many events one transaction removes.
    private static let removalLimit = 100

    private static let events = Insertion(
        into: "event_index", "position, tenant, changed_at, words", ending: "ON CONFLICT (position) DO NOTHING")
    private static let words = Insertion(
        into: "event_words", "tenant, word, position", ending: "ON CONFLICT (tenant, word, position) DO NOTHING")

    // MARK: Writing

    /// Puts events into the index. One that is there stays as it is.
    static func store(_ entries: [Entry], in transaction: any WriteTransaction) throws {
        let rows = entries.flatMap { entry in
            [
                entry.position.sqlValue, entry.tenant.sqlValue, entry.time.sqlValue,
                .text(entry.words.all.joined(separator: " ")),
            ]
        }
        for statement in events.statements(rows) { try transaction.enqueue(statement) }
        let places = entries.flatMap { entry in
            entry.words.all.flatMap { [entry.tenant.sqlValue, .text($0), entry.position.sqlValue] }
        }
        for statement in words.statements(places) { try transaction.enqueue(statement) }
    }

    /// The earliest event of the index.
    static func first(in transaction: any ReadTransaction) throws -> LogPosition? {
        try transaction.first("SELECT position FROM event_index ORDER BY position LIMIT 1") { $0.position(0) }
    }

    /// Removes some of the events that the log does not have any more.
    ///
    /// - parameter start: the log has what comes after it.
    /// - returns: whether there may be more of them.
    static func forget(upTo start: LogPosition, in transaction: any WriteTransaction) throws -> Bool {
        let gone = try transaction.rows(
            """
            SELECT position, tenant, words FROM event_index WHERE position <= \(start)
            ORDER BY position LIMIT \(removalLimit)
            """
        ) { (position: $0.position(0), tenant: Tenant($0.integer(1)), words: $0.text(2)) }
        for event in gone {
            let words = event.words.split(separator: " ").map(String.init)
            try transaction.enqueue(
                """
                DELETE FROM event_words WHERE tenant = \(event.tenant) AND word IN (\(list: words))
                    AND position = \(event.position)
                """)
            try transaction.enqueue("DELETE FROM event_index WHERE position = \(event.position)")
        }
        return gone.count == removalLimit
    }

    // MARK: Searching

    /// The events that a query finds, the latest first.
    ///
    /// - parameters:
    ///   - range: after its lower position and up to its upper one.
    ///   - conditions: what else must hold of a row of `changes`, each beginning with `AND`.
    /// - throws: ``Failure`` of kind `invalid` at `?q` when too many words begin like one of the query.
    static func find(
        _ query: EventQuery, of tenant: Tenant, in range: (after: LogPosition, upTo: LogPosition),
        where conditions: SQL, limit: Int, in transaction: any ReadTransaction
    ) throws -> EventPlaces {
        var alternatives = query.words.map { [$0] }
        for beginning in query.beginnings {
            alternatives.append(try words(beginningWith: beginning, of: tenant, in: transaction))
        }
        guard !alternatives.isEmpty, alternatives.allSatisfy({ !$0.isEmpty }) else { return EventPlaces() }
        let within: SQL = "position > \(range.after) AND position <= \(range.upTo)"
        let rarest = try rarestFirst(alternatives, of: tenant, within, in: transaction)
        let others = rarest.dropFirst()
        // Each candidate is looked up by each of the other words.
        let most = max(fewestCandidates, candidateLimit / max(1, others.reduce(0) { $0 + $1.count }))
        let candidates = try candidates(of: rarest[0], most: most, of: tenant, within, in: transaction)
        var further = conditions
        for words in others {
            further += """
                 AND EXISTS (SELECT 1 FROM event_words o WHERE o.tenant = \(tenant) AND o.word = \(each: words)
                    AND o.position = c.position)
                """
        }
        var places = EventPlaces(unseenUpTo: candidates.unseenUpTo)
        for start in stride(from: 0, to: candidates.positions.count, by: chunk) where places.found.count < limit {
            let positions = candidates.positions[start..<min(start + chunk, candidates.positions.count)]
            places.found += try transaction.rows(
                """
                SELECT position, changed_at FROM (SELECT c.position, c.changed_at FROM event_index e
                    JOIN changes c ON c.position = e.position AND c.changed_at = e.changed_at
                    WHERE e.position = \(each: positions) AND c.tenant = \(tenant)\(further)) AS found
                ORDER BY position DESC LIMIT \(limit - places.found.count)
                """, EventPlaces.place)
        }
        return places
    }

    /// The latest events that have any of some words, the latest first, and where they end if there are more: nothing
    /// after that has been passed over.
    private static func candidates(
        of words: [String], most: Int, of tenant: Tenant, _ within: SQL, in transaction: any ReadTransaction
    ) throws -> (positions: [LogPosition], unseenUpTo: LogPosition?) {
        let each = max(1, most / words.count)
        var positions: Set<LogPosition> = []
        var unseen: LogPosition?
        for word in words {
            let found = try transaction.rows(
                """
                SELECT position FROM event_words WHERE tenant = \(tenant) AND word = \(word) AND \(within)
                ORDER BY position DESC LIMIT \(each)
                """
            ) { $0.position(0) }
            positions.formUnion(found)
            if found.count == each, let last = found.last {
                unseen = max(unseen ?? .start, LogPosition(last.value - 1))
            }
        }
        let end = unseen ?? .start
        return (positions.filter { $0 > end }.sorted(by: >), unseen)
    }

    /// The words of a tenant that begin like one.
    private static func words(
        beginningWith beginning: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String] {
        var found: [String] = []
        var last = beginning
        let end = beginning + "\u{10FFFF}"
        // One look at the index for each word, where the engines would otherwise read each place of it.
        var next: SQL = "word >= \(beginning)"
        while let word = try transaction.first(
            """
            SELECT word FROM event_words WHERE tenant = \(tenant) AND \(next) AND word < \(end)
            ORDER BY word LIMIT 1
            """, { $0.text(0) })
        {
            guard found.count < expansionLimit else {
                throw Failure.invalid(
                    at: "?q", "has a beginning that more than \(expansionLimit) words have: \(beginning)*")
            }
            found.append(word)
            last = word
            next = "word > \(last)"
        }
        return found
    }

    /// The words by how many events have them, so that few events are looked at.
    private static func rarestFirst(
        _ alternatives: [[String]], of tenant: Tenant, _ within: SQL, in transaction: any ReadTransaction
    ) throws -> [[String]] {
        guard alternatives.count > 1 else { return alternatives }
        let counts = try alternatives.map { words in
            try transaction.first(
                """
                SELECT COUNT(*) FROM (SELECT 1 FROM (SELECT 1 FROM event_words WHERE tenant = \(tenant)
                    AND word = \(each: words) AND \(within)) AS places LIMIT \(countLimit)) AS few
                """
            ) { $0.integer(0) } ?? 0
        }
        return zip(alternatives, counts).sorted { $0.1 < $1.1 }.map(\.0)
    }
}

/// Events that a list has found, by their places in the log.
struct EventPlaces {
    typealias Place = (position: LogPosition, time: Timestamp)

    /// The places, the latest first.
    var found: [Place] = []
    /// Where a further call goes on, if this one has looked at enough: nothing later has been passed over.
    var unseenUpTo: LogPosition?

    /// A place from a row of its position and its time.
    static func place(_ row: Row) -> Place { (row.position(0), row.timestamp(1)) }
}
