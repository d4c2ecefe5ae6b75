import Learning

/// What was learnt of segments of users.
struct SegmentModel: Sendable {
    /// What is chosen in them.
    var popularity = SegmentPopularity()
    /// The segments by their numbers.
    private var segments: [UserSegment] = []

    /// Nothing.
    init() {}

    /// What the users of a tenant choose, who have attributes.
    ///
    /// - parameter itemCount: how many slots there are.
    init(_ index: TenantIndex, itemCount: Int) {
        segments = index.segments.all
        guard !segments.isEmpty else { return }
        var users: [(segments: [Int32], items: [Int32])] = []
        index.histories.forEach { _, history in
            let chosen = history.entries.filter { $0.weight > 0 && $0.slot < itemCount }
            if !chosen.isEmpty { users.append((history.segments, chosen.map(\.slot))) }
        }
        popularity = SegmentPopularity(itemCount: itemCount, users: users)
    }

    /// What users with these segments may want, the best first.
    ///
    /// - parameter isWanted: whether an item may be among it.
    func candidates(_ numbers: [Int32], limit: Int, _ isWanted: (Int32) -> Bool) -> [Candidate] {
        popularity.rank(numbers, limit: limit, isAllowed: isWanted).map { choice in
            let segment = choice.segment.flatMap { Int($0) < segments.count ? segments[Int($0)] : nil }
            return Candidate(
                slot: choice.item, score: choice.score,
                origin: .reason(segment.map { .popularAmong($0.attribute, $0.value) } ?? .chosen))
        }
    }
}
