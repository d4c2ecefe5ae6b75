import Core
import Knowledge

/// What a client looks for in a graph.
struct GraphSearchBody: Sendable {
    /// What is looked for.
    var search: GraphSearch
    /// Of which moment is asked.
    let asOf: AsOf
    /// The graph that was looked at already, which the rest of the request is answered of too.
    var graph: PastGraph?
    /// What a cross-encoder has ranked already.
    var rankedHits: [SearchSubject: [GraphHit]] = [:]
    /// How each subject is looked for; one that is not here is not.
    var sections: [SearchSubject: SectionSearch] = [:]
    /// What is looked for by all that there is to look by, since no methods are named for it.
    var standardSubjects: Set<SearchSubject> { Set(sections.keys).subtracting(named) }
    /// The methods that the search goes without, since what they need could not be made.
    var missing: [SearchMethod] = []

    /// What the client has named methods for.
    private var named: Set<SearchSubject> = []
    /// Where what is said of a subject stands in the request.
    private var pointers: [SearchSubject: String] = [:]

    /// Reads what is asked of everything.
    ///
    /// - parameter standard: what is looked for where the request does not say so.
    static func read(
        _ request: APIRequest, standard: [SearchSubject], dimensions: Int
    ) throws -> GraphSearchBody {
        try read(request, dimensions) { fields, body in
            let isThere: Void? = fields.optionalObject("config") { config in
                for subject in SearchSubject.allCases {
                    let name = subject.configuration
                    config.optionalObject(name) { body.readSection(subject, &$0, at: "/config/\(name)") }
                }
                config.limits(&body.search)
            }
            if isThere == nil || body.sections.isEmpty {
                for subject in standard { body.sections[subject] = .standard(subject.kind, body.search) }
            }
        }
    }

    /// Reads what is asked where one thing is looked for, whose configuration is all of `config`.
    static func read(_ request: APIRequest, _ subject: SearchSubject, dimensions: Int) throws -> GraphSearchBody {
        try read(request, dimensions) { fields, body in
            fields.optionalObject("config") { config in
                config.limits(&body.search)
                body.readSection(subject, &config, at: "/config")
            }
            if body.sections.isEmpty { body.sections[subject] = .standard(subject.kind, body.search) }
        }
    }

    /// Whether what is answered has something in it that follows from the graph as a whole.
    ///
    /// - parameter isHere: whether this server has the graph. Then it tells of each node how central it is, and an
    ///   engine beside it only where that is asked for, since it is read as a whole to find that out.
    func dependsOnAnalysis(isHere: Bool) -> Bool {
        sections.contains { subject, section in
            subject == .community || section.reranker == .centralityBoosted || (isHere && subject == .node)
        }
    }

    /// Whether the search asks for likeness.
    var needsVector: Bool {
        sections.contains { subject, section in
            section.reranker == .marginalRelevance || (named.contains(subject) && section.methods.contains(.similarity))
        }
    }

    /// Whether the search is nothing without a vector: clients of Graphiti name likeness and words together.
    var isNothingWithoutVector: Bool {
        sections.contains { subject, section in
            section.reranker == .marginalRelevance || (named.contains(subject) && section.methods == [.similarity])
        }
    }

    /// What a cross-encoder is to rank, and where the request says so.
    var ranked: [(subject: SearchSubject, section: SectionSearch, pointer: String)] {
        SearchSubject.allCases.compactMap { subject in
            guard let section = sections[subject], section.reranker == .crossEncoder else { return nil }
            return (subject, section, "\(pointers[subject] ?? "")/reranker")
        }
    }

    /// What is looked for of a subject.
    func search(for subject: SearchSubject) -> GraphSearch {
        var search = search
        search.isForCommunities = subject == .community
        return search
    }

    private mutating func readSection(_ subject: SearchSubject, _ fields: inout JSONFields, at pointer: String) {
        let (section, namesMethods) = fields.section(subject.kind, search)
        if section.reranker == .nodeDistance, search.center == nil {
            fields.reject("reranker", "It counts from a node: name it in center_node_uuid.")
        }
        sections[subject] = section
        pointers[subject] = pointer
        if namesMethods { named.insert(subject) }
    }

    private static func read(
        _ request: APIRequest, _ dimensions: Int,
        _ sections: (inout JSONFields, inout GraphSearchBody) throws -> Void
    ) throws -> GraphSearchBody {
        let sent = try request.readJSON { try GraphBody(&$0, embeddingNames: ["query_vector", "search_vector"]) }
        return try sent.read { fields in
            var search = GraphSearch(fields.optionalString("query", length: 0...100_000) ?? "")
            search.embedding = sent.embedding
            if let embedding = sent.embedding {
                let name = String(sent.embeddingPointer.dropFirst())
                if embedding.count != dimensions {
                    fields.reject(name, "A vector of \(dimensions) components is expected.")
                } else if embedding.allSatisfy({ $0 == 0 }) {
                    fields.reject(name, "A vector of zeros has no direction, which the cosine compares.")
                }
            }
            search.filters = fields.graphFilters()
            let asOf = fields.asOf()
            search.filters.limit(to: asOf)
            search.origins =
                fields.optionalGraphNames("bfs_origin_node_uuids", count: 0...1_000, length: ElementHeader.idLength)
                ?? []
            search.center = fields.optionalGraphName("center_node_uuid", length: ElementHeader.idLength)
            var body = GraphSearchBody(search: search, asOf: asOf)
            try sections(&fields, &body)
            fields.limits(&body.search)
            if search.query.isEmpty, search.embedding == nil, search.origins.isEmpty {
                fields.reject("query", "Words are expected, or a query_vector, or bfs_origin_node_uuids.")
            }
            return body
        }
    }
}

extension SectionSearch {
    /// How elements are looked for where nothing is said of it: by all that there is to look by.
    fileprivate static func standard(_ kind: ElementKind, _ search: GraphSearch) -> SectionSearch {
        var methods: [SearchMethod] = search.query.isEmpty ? [] : [.fullText]
        if search.embedding != nil { methods.append(.similarity) }
        if !search.origins.isEmpty, kind != .episode { methods.append(.breadthFirst) }
        return SectionSearch(methods)
    }
}

extension JSONFields {
    /// How many are wanted, and the least score.
    fileprivate mutating func limits(_ search: inout GraphSearch) {
        if let limit = optionalInteger("limit", in: GraphSearch.limits) { search.limit = Int(limit) }
        if let score = optionalNumber("reranker_min_score", in: -1_000_000...1_000_000) { search.minimumScore = score }
    }

    /// How elements of a kind are looked for, and whether that names the methods.
    fileprivate mutating func section(
        _ kind: ElementKind, _ search: GraphSearch
    ) -> (section: SectionSearch, namesMethods: Bool) {
        var section = SectionSearch.standard(kind, search)
        let methods = words("search_methods", SearchMethod.words)?.unlessEmpty
        if let methods { section.methods = methods }
        if let reranker = words("reranker", Reranker.words, isList: false)?.first { section.reranker = reranker }
        if let depth = optionalInteger("bfs_max_depth", in: 0...Int64(SectionSearch.depthLimit)) {
            section.depth = Int(depth)
        }
        if let direction = optionalChoice("bfs_direction", EdgeDirection.self) { section.direction = direction }
        if let least = optionalNumber("sim_min_score", in: -1...1) { section.minimumSimilarity = Float(least) }
        if let constant = optionalNumber("rrf_k", in: 0...1_000_000) { section.rankConstant = constant }
        if let lambda = optionalNumber("mmr_lambda", in: 0...1) { section.lambda = lambda }
        if let factor = optionalNumber("centrality_boost_factor", in: 0...1_000) { section.centralityFactor = factor }
        return (section, methods != nil)
    }

    /// What a client may call things, one or several.
    private mutating func words<T>(
        _ name: String, _ known: KeyValuePairs<String, T>, isList: Bool = true
    ) -> [T]? {
        guard let value = value(name), value != .null else { return nil }
        var texts: [JSONValue] = [value]
        if isList {
            guard case .array(let elements) = value, elements.count <= known.count else {
                reject(name, "An array of some of these is expected: \(known.map(\.key).joined(separator: ", ")).")
                return nil
            }
            texts = elements
        }
        let found = texts.compactMap { text in known.first { text == .string($0.key) }?.value }
        if found.count < texts.count {
            reject(name, "One of these is expected: \(known.map(\.key).joined(separator: ", ")).")
        }
        return found
    }

    /// A number within bounds.
    private mutating func optionalNumber(_ name: String, in bounds: ClosedRange<Double>) -> Double? {
        guard let value = value(name), value != .null else { return nil }
        guard case .number(let text) = value, let number = Double(text), bounds.contains(number) else {
            reject(name, "A number from \(bounds.lowerBound) to \(bounds.upperBound) is expected.")
            return nil
        }
        return number
    }

    /// Which elements may be found: `filters`, and `group_ids` beside it.
    fileprivate mutating func graphFilters() -> GraphFilters {
        var filters = optionalObject("filters") { $0.graphFilter() } ?? GraphFilters()
        if let groups = graphGroups() { filters.groups = groups }
        return filters
    }

    private mutating func graphGroups() -> [String]? {
        optionalStrings("group_ids", count: 0...1_000, length: 0...100)?.unlessEmpty
    }

    private mutating func graphFilter() -> GraphFilters {
        var filters = GraphFilters()
        filters.groups = graphGroups()
        for name in ["node_labels", "node_types"] {
            if let labels = optionalGraphNames(name, count: 0...100, length: 1...100)?.unlessEmpty {
                filters.labels = labels
            }
        }
        filters.edgeTypes = optionalGraphNames("edge_types", count: 0...100, length: 1...255)?.unlessEmpty
        filters.edges = optionalGraphNames("edge_uuids", count: 0...1_000, length: ElementHeader.idLength)?.unlessEmpty
        for field in GraphFilters.TimeField.allCases {
            guard let value = value(field.rawValue), value != .null else { continue }
            filters.times[field] = timeConditions(field.rawValue, value)
        }
        filters.attributes = attributeConditions()
        let created = [
            optionalTimestamp("created_after").map { GraphFilters.TimeCondition(.later, $0) },
            optionalTimestamp("created_before").map { GraphFilters.TimeCondition(.earlier, $0) },
        ].compactMap { $0 }
        if !created.isEmpty {
            filters.times[.createdAt] = (filters.times[.createdAt] ?? [[]]).map { $0 + created }
        }
        return filters
    }

    /// Alternatives of conditions: `[[{"date": …, "comparison_operator": "<"}, …], …]`.
    private mutating func timeConditions(_ name: String, _ value: JSONValue) -> [[GraphFilters.TimeCondition]] {
        guard case .array(let alternatives) = value, (1...20).contains(alternatives.count) else {
            reject(name, "An array of up to 20 arrays of conditions is expected.")
            return []
        }
        return alternatives.map { alternative in
            guard case .array(let conditions) = alternative, (1...20).contains(conditions.count) else {
                reject(name, "Each alternative is an array of up to 20 conditions.")
                return []
            }
            return conditions.compactMap { condition in
                guard let condition = GraphFilters.TimeCondition(condition) else {
                    let known = GraphFilters.Comparison.allCases.map(\.rawValue).joined(separator: " ")
                    reject(
                        name,
                        "A condition has a date in RFC 3339 with its offset or Z, for example 2024-01-01T00:00:00Z, "
                            + "and a comparison_operator: one of \(known)")
                    return nil
                }
                return condition
            }
        }
    }
}

extension Array {
    /// Itself, or nil where it is empty: a list of nothing asks for as much as none, which is what clients mean by it.
    fileprivate var unlessEmpty: [Element]? { isEmpty ? nil : self }
}

extension GraphFilters.TimeCondition {
    /// Reads a condition; nil when it is none.
    fileprivate init?(_ value: JSONValue) {
        guard case .object(let object) = value, case .string(let text)? = object["comparison_operator"],
            let comparison = GraphFilters.Comparison(rawValue: text.uppercased())
        else { return nil }
        switch comparison {
        case .missing, .known: self.init(comparison)
        default:
            guard case .string(let text)? = object["date"], let date = Timestamp(text) else { return nil }
            self.init(comparison, date)
        }
    }
}

extension SearchMethod {
    /// What clients call them: as the server for searches of Graphiti does, and as Graphiti itself.
    fileprivate static let words: KeyValuePairs<String, SearchMethod> = [
        "fulltext": .fullText, "similarity": .similarity, "bfs": .breadthFirst, "bm25": .fullText,
        "cosine_similarity": .similarity, "breadth_first_search": .breadthFirst,
    ]
}

extension Reranker {
    /// What clients call them.
    fileprivate static let words: KeyValuePairs<String, Reranker> = [
        "rrf": .reciprocalRank, "mmr": .marginalRelevance, "node_distance": .nodeDistance,
        "episode_mentions": .episodeMentions, "centrality_boosted": .centralityBoosted,
        "cross_encoder": .crossEncoder,
        "reciprocal_rank_fusion": .reciprocalRank, "maximal_marginal_relevance": .marginalRelevance,
    ]
}
