import Core
import Storage

/// Which word of which tenant. Each tenant has lists of its own, so a search cannot reach another's documents, and how
/// many those are does not matter to it.
struct TextTerm: Hashable, Comparable {
    let tenant: Tenant
    /// The word, folded by ``Tokenizer``.
    let word: [UInt8]

    static func < (left: TextTerm, right: TextTerm) -> Bool {
        left.tenant == right.tenant
            ? left.word.lexicographicallyPrecedes(right.word) : left.tenant.number < right.tenant.number
    }
}

/// What changes in the lists of words when documents come and go, gathered so that each list is written once.
struct PostingChanges {
    private struct Change {
        var removed: [Int64] = []
        /// By ascending number.
        var added: [(number: Int64, places: [UInt8])] = []
    }

    private var changes: [TextTerm: Change] = [:]

    /// Notes that a document is gone.
    mutating func remove(_ words: TextDocumentWords, number: Int64) {
        for word in words.places.keys {
            changes[TextTerm(tenant: words.tenant, word: word), default: Change()].removed.append(number)
        }
    }

    /// Notes a new document. Its number is greater than that of any that there was.
    mutating func add(_ words: TextDocumentWords, number: Int64) {
        for (word, places) in words.places {
            changes[TextTerm(tenant: words.tenant, word: word), default: Change()].added.append((number, places.bytes))
        }
    }

    /// Writes it all, list by list in the order of the table.
    func write(in transaction: any WriteTransaction) throws {
        for (term, change) in changes.sorted(by: { $0.key < $1.key }) {
            for number in change.removed { try Self.remove(number, from: term, in: transaction) }
            if !change.added.isEmpty { try Self.add(change.added, to: term, in: transaction) }
        }
    }

    private static func add(
        _ added: [(number: Int64, places: [UInt8])], to term: TextTerm, in transaction: any WriteTransaction
    ) throws {
        var block = try PostingBlock.of(term, upTo: .max, in: transaction)
        for (number, places) in added {
            if block?.append(number, places) == true { continue }
            if let block { try block.store(term, in: transaction) }
            block = PostingBlock(number, places)
        }
        if let block { try block.store(term, in: transaction) }
    }

    private static func remove(_ number: Int64, from term: TextTerm, in transaction: any WriteTransaction) throws {
        guard let block = try PostingBlock.of(term, upTo: number, in: transaction) else { return }
        let left = try block.removing(number)
        if left?.first != block.first { try block.delete(term, in: transaction) }
        guard let left else { return }
        // Blocks that have become small are joined, or a list would fall to pieces as its documents change.
        if !left.isHalfFull, var before = try PostingBlock.of(term, upTo: left.first &- 1, in: transaction),
            before.append(left)
        {
            try left.delete(term, in: transaction)
            try before.store(term, in: transaction)
        } else {
            try left.store(term, in: transaction)
        }
    }
}

extension PostingBlock {
    /// The block of a word in which a document stands if it stands in any.
    fileprivate static func of(
        _ term: TextTerm, upTo number: Int64, in transaction: any ReadTransaction
    ) throws -> PostingBlock? {
        try transaction.first(
            """
            SELECT first, last, entries FROM postings
            WHERE tenant = \(term.tenant) AND word = \(SQLValue.bytes(term.word)) AND first <= \(number)
            ORDER BY first DESC LIMIT 1
            """
        ) { PostingBlock(first: $0.integer(0), last: $0.integer(1), entries: $0.bytes(2)) }
    }

    fileprivate func store(_ term: TextTerm, in transaction: any WriteTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO postings (tenant, word, first, last, entries)
            VALUES (\(term.tenant), \(SQLValue.bytes(term.word)), \(first), \(last), \(SQLValue.bytes(entries)))
            ON CONFLICT (tenant, word, first) DO UPDATE SET last = excluded.last, entries = excluded.entries
            """)
    }

    fileprivate func delete(_ term: TextTerm, in transaction: any WriteTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM postings
            WHERE tenant = \(term.tenant) AND word = \(SQLValue.bytes(term.word)) AND first = \(first)
            """)
    }
}

/// The words of a document and where each stands.
struct TextDocumentWords {
    let tenant: Tenant
    private(set) var places: [[UInt8]: PlaceWriter] = [:]
    /// How many words each field has.
    private(set) var counts: [TextField: Int] = [:]

    init(_ document: TextDocument) {
        tenant = document.key.tenant
        for (index, field) in TextField.allCases.enumerated() {
            var count = 0
            Tokenizer.forEachWord(document[field]) { word, _ in
                places[Array(word), default: PlaceWriter()].append(count, in: index)
                count += 1
            }
            counts[field] = count
        }
    }
}
