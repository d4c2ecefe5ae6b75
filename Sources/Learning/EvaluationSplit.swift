import Core

/// What users did, with choices held out of it, so that an ``Evaluation`` can tell how well they are predicted by what
/// is learnt from the rest.
///
/// At most one choice of each user is held out: an item that is new to them. Its history is what they did before.
public struct EvaluationSplit: Sendable {
    /// Which choices are held out.
    public enum Method: String, Sendable, CaseIterable {
        /// Those of the last tenth: of sessions the last item of each of the latest; of users the first new item after
        /// the moment that nine tenths of all interactions were before.
        case time
        /// The last new item of each user, and what they did after it.
        case leaveOneOut = "leave-one-out"
    }

    /// What there is to learn from.
    public let training: InteractionMatrix
    let choices: [Validation.Choice]

    /// How many choices are held out.
    public var choiceCount: Int { choices.count }

    /// Holds choices out.
    ///
    /// - parameters:
    ///   - method: which ones.
    ///   - rows: what each user did, in the order of time; an item may be there several times.
    ///   - areSessions: whether the rows are sessions, one after the other, rather than users who are there all the
    ///     time.
    ///   - itemCount: how many items there are.
    public init(_ method: Method, rows: [[HistoryEntry]], areSessions: Bool, itemCount: Int) {
        let cuts = Self.cuts(method, rows, areSessions: areSessions)
        choices = zip(rows, cuts).compactMap { row, cut in
            cut.target.map {
                Validation.Choice(history: row[..<$0].distinct(), target: row[$0].item, moment: row[$0].time)
            }
        }
        let learnt = zip(rows, cuts).map { $0[..<$1.count].distinct() }.filter { !$0.isEmpty }
        training = InteractionMatrix(
            itemCount: itemCount,
            rows: learnt.enumerated().sorted {
                ($0.element.last?.time ?? .earliest, $0.offset) < ($1.element.last?.time ?? .earliest, $1.offset)
            }.map(\.element))
    }

    /// What becomes of a row.
    private struct Cut {
        /// How many of its entries are learnt from.
        let count: Int
        /// Which of its entries is held out.
        var target: Int?
    }

    private static func cuts(_ method: Method, _ rows: [[HistoryEntry]], areSessions: Bool) -> [Cut] {
        switch method {
        case .leaveOneOut:
            return rows.map { row in
                let target = row.newPlaces.last { $0 > 0 }
                return Cut(count: target ?? row.count, target: target)
            }
        case .time where areSessions:
            let start = rows.count * 9 / 10
            return rows.enumerated().map { number, row in
                number < start ? Cut(count: row.count) : Cut(count: 0, target: row.newPlaces.last { $0 > 0 })
            }
        case .time:
            let times = rows.joined().compactMap(\.time).sorted()
            guard !times.isEmpty else { return rows.map { Cut(count: $0.count) } }
            let start = times[times.count * 9 / 10]
            return rows.map { row in
                let count = row.firstIndex { $0.time.map { $0 >= start } ?? false } ?? row.count
                return Cut(count: count, target: count == 0 ? nil : row.newPlaces.first { $0 >= count })
            }
        }
    }
}

extension [HistoryEntry] {
    /// Where items stand that are not there before.
    fileprivate var newPlaces: [Int] {
        var known: Set<Int32> = []
        return indices.filter { known.insert(self[$0].item).inserted }
    }
}

extension Sequence<HistoryEntry> {
    /// Each item once, in the order of its latest places, with the weights of all of them together.
    fileprivate func distinct() -> [HistoryEntry] {
        let weights = Dictionary(map { ($0.item, $0.weight) }, uniquingKeysWith: +)
        var known: Set<Int32> = []
        return reversed().filter { known.insert($0.item).inserted }.reversed()
            .map { HistoryEntry(item: $0.item, weight: weights[$0.item] ?? $0.weight, time: $0.time) }
    }
}
