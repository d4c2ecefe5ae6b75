import ChangeLog
import Core
import Search

/// The points that changes tell of, each once, and what is to be done about it.
struct PendingPoints {
    /// A point that has changed.
    struct Item {
        let key: PointKey
        fileprivate(set) var source: Source
    }

    /// Where its state is taken from.
    enum Source {
        /// This server has written it.
        case written(WrittenPoints.Entry)
        /// Its row.
        case row(withVectors: Bool)

        /// Whether its vectors are to be taken over.
        fileprivate var wantsVectors: Bool {
            switch self {
            case .written(let entry): entry.outcome.hasVectors
            case .row(let withVectors): withVectors
            }
        }
    }

    /// The points by their collections, in the order in which they changed first.
    private(set) var items: [CollectionIndexes.Name: [Item]] = [:]
    private var places: [CollectionIndexes.Name: [PointKey: Int]] = [:]

    /// Takes note of a change.
    ///
    /// - parameter entry: what this server has written of the point at that change or a later one, if it has.
    mutating func add(_ change: Change, _ entry: WrittenPoints.Entry?) throws {
        let hasNewVectors = change.operation == .insert || change.changedFields.contains(Points.vectorsField)
        if let entry {
            let name = CollectionIndexes.Name(tenant: change.tenant, name: entry.collection.name)
            note(entry.outcome.key, of: name, hasNewVectors, entry)
        } else {
            let (name, key) = try Self.point(change)
            note(key, of: name, hasNewVectors, nil)
        }
    }

    private mutating func note(
        _ key: PointKey, of name: CollectionIndexes.Name, _ hasNewVectors: Bool, _ entry: WrittenPoints.Entry?
    ) {
        let place = places[name]?[key]
        let earlier = place.flatMap { items[name]?[$0].source.wantsVectors } ?? false
        let wantsVectors = hasNewVectors || earlier
        let source: Source
        if let entry, entry.outcome.suffices(wantsVectors: wantsVectors) {
            source = .written(entry)
        } else {
            source = .row(withVectors: wantsVectors)
        }
        if let place {
            items[name]?[place].source = source
        } else {
            places[name, default: [:]][key] = items[name]?.count ?? 0
            items[name, default: []].append(Item(key: key, source: source))
        }
    }

    /// The collection and the id of the point that a change is of.
    private static func point(_ change: Change) throws -> (CollectionIndexes.Name, PointKey) {
        guard case .object(let image) = try JSONParser.parse(change.after ?? change.before ?? []),
            case .string(let name) = image["collection"], let point = image["point"],
            let key = PointKey(point, image["id_kind"] == .string(Point.textKind) ? .text : .numberOrUUID)
        else { throw Failure.internal("A change of a point has no image.") }
        return (CollectionIndexes.Name(tenant: change.tenant, name: name), key)
    }
}
