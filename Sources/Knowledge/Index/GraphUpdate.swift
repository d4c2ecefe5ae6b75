import ChangeLog
import Core
import Search

/// What a change makes of an element.
struct GraphUpdate {
    enum Outcome {
        case there(StoredFields)
        case gone
    }

    let kind: ElementKind
    let id: String
    let outcome: Outcome
    /// Whether its vector has changed.
    private(set) var hasNewEmbedding: Bool
    /// Whether it has one afterwards.
    let hasEmbedding: Bool

    /// Nil when it makes nothing of it.
    init?(_ change: Change) throws {
        guard let kind = ElementKind(entityType: change.entityType), change.operation != .custom,
            let document = change.after ?? change.before
        else { return nil }
        let fields = try StoredFields(document)
        self.kind = kind
        id = try fields.text("uuid")
        outcome = change.after == nil ? .gone : .there(fields)
        hasEmbedding = try fields.optionalInteger("embedding_dimensions") != nil
        hasNewEmbedding =
            change.operation == .insert || change.changedFields.contains(GraphElements.embeddingField)
    }

    /// What several changes make of each element, in the order of the last of them.
    static func last(of updates: [GraphUpdate]) -> [GraphUpdate] {
        var places: [Place: Int] = [:]
        var last: [GraphUpdate?] = []
        for var update in updates {
            let place = Place(kind: update.kind, id: ExactText(update.id))
            if let before = places[place] {
                update.hasNewEmbedding = update.hasNewEmbedding || last[before]?.hasNewEmbedding == true
                last[before] = nil
            }
            places[place] = last.count
            last.append(update)
        }
        return last.compactMap { $0 }
    }

    private struct Place: Hashable {
        let kind: ElementKind
        let id: ExactText
    }
}
