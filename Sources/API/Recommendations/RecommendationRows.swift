public import ChangeLog
public import Core
public import Recommendations

/// Rows of entities and of interactions as the bodies of bulk requests have them, for whoever has them from elsewhere.
public enum RecommendationRows {
    /// How many rows can be written at once so that each that is not acceptable is told of.
    public static let limit = 1_000

    /// Writes the entities that are acceptable.
    ///
    /// - returns: what became of all of them, as the bulk route answers it.
    public static func write(entities rows: [JSONValue], to items: Items, in unit: UnitOfWork) throws -> [UInt8] {
        try RecommendationBatch(rows) { $0.itemDraft(of: unit.tenant) }.write(to: items, in: unit)
    }

    /// Writes the interactions that are acceptable.
    ///
    /// - returns: what became of all of them, as the bulk route answers it.
    public static func write(
        interactions rows: [JSONValue], to interactions: Interactions, _ items: Items, in unit: UnitOfWork
    ) throws -> [UInt8] {
        try RecommendationBatch(rows) { $0.interactionDraft(of: unit.tenant) }.write(to: interactions, items, in: unit)
    }
}
