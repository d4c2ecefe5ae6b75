import Core
import Search
import Storage

/// Answers a query on what the index of a collection has at one moment.
///
/// It takes the rows of points only where the index cannot tell: the vectors of examples, and payloads for conditions
/// on fields that are not indexed.
struct QueryRunner {
    /// A slot that was found, with its score.
    typealias Scored = (slot: UInt32, score: Float, orderValue: PayloadOrderValue?)

    let snapshot: CollectionIndex.Snapshot
    let index: CollectionIndex
    let rows: any PointRows
    let now: Timestamp
    let checker: RecallChecker
    let budget: SearchBudget

    /// The points that a query finds, the best first.
    func run(_ query: PointQuery) throws -> [PointHit] {
        var found = try rank(query, query.filter)
        found.removeFirst(min(query.offset, found.count))
        return found.compactMap { scored in
            // What was written since the search began has its slot in the index, not in the snapshot.
            (snapshot.key(at: scored.slot) ?? index.key(at: scored.slot)).map {
                PointHit(key: $0, score: scored.score, orderValue: scored.orderValue)
            }
        }
    }

    /// The points that fit a filter.
    func keys(of filter: PayloadFilter) throws -> [PointKey] {
        var keys: [PointKey] = []
        for slot in try slots(of: filter) {
            if let key = snapshot.key(at: slot) { keys.append(key) }
        }
        return keys
    }

    /// The slots of the points that fit a filter, all of it.
    func slots(of filter: PayloadFilter) throws -> NodeSet {
        let plan = snapshot.payloads.plan(filter, points: index)
        guard let residual = plan.residual else { return plan.nodes }
        var slots = NodeSet()
        var waiting: [(slot: UInt32, key: PointKey)] = []
        func check() throws {
            try budget.checkTime()
            let found = try rows.find(waiting.map(\.key), withVectors: false)
            let byKey = Dictionary(uniqueKeysWithValues: found.map { ($0.key, $0) })
            for (slot, key) in waiting {
                guard let point = byKey[key] else { continue }
                let payload = try point.payloadObject()
                if residual.matches(payload: payload, id: key, vectorNames: snapshot.vectorNames(at: slot)) {
                    slots.insert(slot)
                }
            }
            waiting.removeAll(keepingCapacity: true)
        }
        for slot in plan.nodes {
            guard let key = snapshot.key(at: slot) else { continue }
            waiting.append((slot, key))
            if waiting.count == Points.chunk { try check() }
        }
        try check()
        return slots
    }

    // MARK: Ranking

    /// - parameter filter: which points may be found; those of the queries that fetch have it too.
    private func rank(_ query: PointQuery, _ filter: PayloadFilter?) throws -> [Scored] {
        try budget.checkTime()
        var allowed = try query.prefetch.isEmpty || !query.kind.isFusion ? filter.map { try slots(of: $0) } : nil
        if !query.prefetch.isEmpty {
            let fetched = try query.prefetch.map { try rank($0, PayloadFilter.merged(filter, $0.filter)) }
            if case .fused(let fusion) = query.kind { return fuse(fetched, fusion, query) }
            var union = NodeSet()
            for scored in fetched.joined() { union.insert(scored.slot) }
            allowed = allowed?.intersection(union) ?? union
        }
        switch query.kind {
        case .all: return byKey(allowed, count: query.limit + query.offset)
        case .nearest(let example): return try nearest(example, query, within: allowed)
        case .recommend(let positive, let negative, let strategy):
            return try recommend(positive, negative, strategy, query, within: allowed)
        case .words(let text, let paths): return try words(text, in: paths, query, within: allowed)
        case .fused:
            throw Failure.invalid(
                at: query.operand, "A fusion ranks what was fetched before: say what in prefetch.")
        case .ordered(let order): return try ordered(order, query, within: allowed)
        case .random: return random(allowed, count: query.limit + query.offset)
        }
    }

    /// A point's score is the sum of those of its fields.
    private func words(
        _ text: String, in paths: [String], _ query: PointQuery, within allowed: NodeSet?
    ) throws -> [Scored] {
        let count = query.limit + query.offset
        var scores: [UInt32: Float] = [:]
        for path in paths {
            let field = try PayloadPath(path)
            guard let found = snapshot.payloads.rank(text, in: field, among: allowed, limit: 4 * count) else {
                throw noIndex(
                    of: field, at: query.operand,
                    "Words are found in indexed texts only: make a text index of \(path).")
            }
            for scored in found { scores[scored.slot, default: 0] += scored.score }
        }
        return scores.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(count).map { ($0.key, $0.value, nil) }
    }

    private func byKey(_ allowed: NodeSet?, count: Int) -> [Scored] {
        var keyed: [(PointKey, UInt32)] = []
        for slot in allowed ?? snapshot.payloads.slots {
            if let key = snapshot.key(at: slot) { keyed.append((key, slot)) }
        }
        return keyed.sorted { $0.0 < $1.0 }.prefix(count).map { ($0.1, 0, nil) }
    }

    private func random(_ allowed: NodeSet?, count: Int) -> [Scored] {
        Array(allowed ?? snapshot.payloads.slots).shuffled().prefix(count).map { ($0, 0, nil) }
    }

    private func ordered(_ order: PointQuery.Order, _ query: PointQuery, within allowed: NodeSet?) throws -> [Scored] {
        let path = try PayloadPath(order.path, at: query.operand)
        let count = query.limit + query.offset
        guard
            let found = snapshot.payloads.sorted(
                by: path, among: allowed, descending: order.isDescending, from: order.start, limit: count)
        else {
            throw noIndex(
                of: path, at: query.operand,
                "Points are ordered by indexed numbers and times only: make an index of \(order.path.prefix(64)).")
        }
        return found.map { ($0.slot, 0, $0.value) }
    }

    /// Why a field has no index: it is being made, or nobody has asked for it.
    private func noIndex(of path: PayloadPath, at operand: String, _ remedy: String) -> Failure {
        let isWanted = snapshot.collection.definition.indexes.contains { (try? PayloadPath($0.path)) == path }
        guard isWanted, !snapshot.payloads.fields.contains(where: { $0.path == path }) else {
            return Failure.invalid(at: operand, remedy)
        }
        return Failure(
            .unavailable, code: "index_not_ready",
            "The index of \("\(path)".prefix(64)) is being made; try again.", retryAfter: 1)
    }

    private func fuse(_ lists: [[Scored]], _ fusion: PointQuery.Fusion, _ query: PointQuery) -> [Scored] {
        let count = query.limit + query.offset
        let ranked =
            switch fusion {
            case .reciprocalRank(let constant, let weights):
                RankFusion.qdrantReciprocal(
                    lists.map { $0.map(\.slot) }, constant: constant, weights: weights, limit: count)
            case .distribution:
                RankFusion.distributionBased(
                    lists.map { list in list.map { (id: $0.slot, score: Double($0.score)) } }, limit: count)
            }
        return ranked.filter { scored in query.scoreThreshold.map { scored.score >= Double($0) } ?? true }
            .map { ($0.id, Float($0.score), nil) }
    }

    // MARK: Vectors

    private func place(_ query: PointQuery) throws -> Int {
        try snapshot.collection.definition.requirePlace(of: query.vectorName, at: query.origin + "/using")
    }

    private func nearest(
        _ example: PointQuery.Example, _ query: PointQuery, within allowed: NodeSet?
    ) throws -> [Scored] {
        let place = try place(query)
        let vector = try vectors(of: [example], place) { _ in query.operand }[0]
        return try search(vector, place, query, within: allowed, without: [example])
    }

    private func search(
        _ vector: [Float], _ place: Int, _ query: PointQuery, within allowed: NodeSet?,
        without examples: [PointQuery.Example]
    ) throws -> [Scored] {
        let excluded = slots(of: examples)
        let wanted = query.limit + query.offset
        let search = VectorSearch(
            vector, k: wanted + excluded.count, breadth: query.ef, isExact: query.isExact, among: allowed,
            allowedCount: allowed?.count, scoreThreshold: query.scoreThreshold)
        checker.note(search, at: place, in: index)
        let vectors = snapshot.vectors[place]
        if vectors.isElsewhere { try rows.prepareToWait() }
        let found = try vectors.search(search, of: directory(place))
        return found.lazy.filter { !excluded.contains($0.label) }.prefix(wanted).map { ($0.label, $0.score, nil) }
    }

    private func recommend(
        _ positive: [PointQuery.Example], _ negative: [PointQuery.Example], _ strategy: PointQuery.Strategy,
        _ query: PointQuery, within allowed: NodeSet?
    ) throws -> [Scored] {
        let place = try place(query)
        // The mean is one of the vectors as they were sent, as Qdrant takes it.
        let isPrepared = strategy != .averageVector
        let wanted = try vectors(of: positive, place, isPrepared: isPrepared) { "\(query.operand)/positive/\($0)" }
        let unwanted = try vectors(of: negative, place, isPrepared: isPrepared) { "\(query.operand)/negative/\($0)" }
        let examples = positive + negative
        switch strategy {
        case .averageVector:
            guard !wanted.isEmpty else {
                throw Failure.invalid(
                    at: query.operand + "/positive", "At least one example that is wanted is expected.")
            }
            return try search(
                RecommendationScores.average(wanted, unwanted), place, query, within: allowed, without: examples)
        case .bestScore, .sumScores:
            guard !examples.isEmpty else {
                throw Failure.invalid(at: query.operand + "/positive", "At least one example is expected.")
            }
            return try scored(wanted, unwanted, strategy, place, query, within: allowed, without: examples)
        }
    }

    /// Compares all that may be found with every example.
    private func scored(
        _ wanted: [[Float]], _ unwanted: [[Float]], _ strategy: PointQuery.Strategy, _ place: Int, _ query: PointQuery,
        within allowed: NodeSet?, without examples: [PointQuery.Example]
    ) throws -> [Scored] {
        let excluded = slots(of: examples)
        let count = query.limit + query.offset
        let scores = RecommendationScores(
            strategy, wanted, unwanted, snapshot.collection.definition.vectors[place].metric)
        let found = try snapshot.vectors[place].best(
            count + excluded.count, among: allowed, of: directory(place), scoring: scores.score)
        return found.lazy.filter { !excluded.contains($0.label) }
            .filter { hit in query.scoreThreshold.map { hit.score > $0 } ?? true }
            .prefix(count).map { ($0.label, $0.score, nil) }
    }

    /// The vectors of examples, as the index compares them.
    ///
    /// - parameter pointer: where an example stands in the body of the request, by its index.
    private func vectors(
        of examples: [PointQuery.Example], _ place: Int, isPrepared: Bool = true, at pointer: (Int) -> String
    ) throws -> [[Float]] {
        let kind = snapshot.collection.definition.vectors[place]
        let keys = examples.compactMap { example in if case .point(let key) = example { key } else { nil } }
        let found = try rows.find(all: keys, withVectors: true, at: now)
        return try examples.enumerated().map { index, example in
            switch example {
            case .vector(let components):
                let prepared = try kind.metric.prepare(components, dimensions: kind.size, at: pointer(index))
                return isPrepared ? prepared : components
            case .point(let key):
                guard let point = found[key] else { throw Points.notFound(key) }
                guard let vector = point.vectors?[place] else {
                    throw Failure.invalid(at: pointer(index), "The point \(key) has no vector \"\(kind.name)\".")
                }
                return vector
            }
        }
    }

    private func slots(of examples: [PointQuery.Example]) -> NodeSet {
        let keys = examples.compactMap { example in if case .point(let key) = example { key } else { nil } }
        return keys.isEmpty ? NodeSet() : NodeSet(index.slots(of: keys))
    }

    private func directory(_ place: Int) -> SlotDirectory {
        SlotDirectory(
            key: { snapshot.key(at: $0) ?? index.key(at: $0) }, slot: index.slot(of:),
            vectors: { try vectors(of: $0, place) })
    }

    /// The vectors of some slots from the table, for those that are not in memory.
    private func vectors(of slots: [UInt32], _ place: Int) throws -> [UInt32: [Float]] {
        var keys: [PointKey: UInt32] = [:]
        for slot in slots {
            if let key = snapshot.key(at: slot) { keys[key] = slot }
        }
        var found: [UInt32: [Float]] = [:]
        for point in try rows.find(Array(keys.keys), withVectors: true) {
            if let slot = keys[point.key], let vector = point.vectors?[place] { found[slot] = vector }
        }
        return found
    }
}
