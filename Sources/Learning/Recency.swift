import Foundation

/// How much the items of a history count by their age: the latest 1, the one before it 1/2^p, then 1/3^p.
///
/// What somebody did last says most about what they do next.
struct Recency: Sendable, Hashable {
    /// p; with 0 all count alike.
    let exponent: Float

    /// The latest item alone.
    static let latest = Recency(exponent: .infinity)

    /// How much an item counts that so many others came after.
    func weight(atAge age: Int) -> Float { age == 0 ? 1 : pow(Float(age + 1), -exponent) }

    /// The latest items, the latest first, weighted; those that then count nothing are left out.
    func weigh(_ history: some BidirectionalCollection<HistoryEntry>, limit: Int) -> [HistoryEntry] {
        history.reversed().prefix(exponent == .infinity ? 1 : limit).enumerated().map { age, entry in
            HistoryEntry(item: entry.item, weight: entry.weight * weight(atAge: age))
        }
    }
}
