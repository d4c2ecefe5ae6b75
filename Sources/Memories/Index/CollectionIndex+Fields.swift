import Core
import Search
import Synchronization

/// How fields are indexed that the definition of a collection did not have before, while points change and searches
/// go on: they grow aside, and filters use them when they are complete.
extension CollectionIndex {
    /// Takes over a later definition of the collection. Vectors under new names are empty.
    ///
    /// - returns: whether fields are to be indexed now.
    func redefine(_ collection: PointCollection) throws -> Bool {
        let wanted = try collection.definition.fields()
        let engines = engines
        return state.withLock { state in
            for field in state.payloads.fields where !wanted.contains(where: { $0.path == field.path }) {
                state.payloads.drop(field.path)
            }
            state.changeCount += 1
            for place in collection.definition.vectors.indices.dropFirst(state.vectors.count) {
                state.vectors.append(engines.make(collection, place))
            }
            state.collection = collection
            // What was begun may not be wanted any more.
            state.growing = nil
            return wanted.contains { !state.payloads.fields.contains($0) }
        }
    }

    /// Begins to index the fields that are not indexed yet. Points that change from now on are taken over.
    func beginFields() throws -> [PayloadField] {
        try state.withLock { state in
            let missing = try state.collection.definition.fields().filter { !state.payloads.fields.contains($0) }
            var growing = PayloadIndex()
            for field in missing { growing.add(field) { _ in } }
            state.growing = growing
            return missing
        }
    }

    /// Takes the payloads of points into fields that are being indexed, unless later ones are there.
    ///
    /// - returns: false when these fields are indexed no more.
    func fill(_ fields: [PayloadField], from page: [Point]) throws -> Bool {
        for point in page {
            let payload = try point.payloadObject()
            let isGrowing = state.withLock { state in
                guard let growing = state.growing, growing.fields == fields else { return false }
                if let slot = state.slots.slot(of: point.key), !growing.slots.contains(slot) {
                    state.growing?.set(payload, at: slot)
                }
                return true
            }
            guard isGrowing else { return false }
        }
        return true
    }

    /// Has filters use fields from now on, into which the payloads of all points were taken.
    ///
    /// - returns: false when these fields are indexed no more.
    func endFields(_ fields: [PayloadField]) -> Bool {
        state.withLock { state in
            guard let grown = state.growing, grown.fields == fields else { return false }
            state.payloads.adopt(grown)
            state.growing = nil
            state.changeCount += 1
            return true
        }
    }
}

extension CollectionDefinition {
    /// The fields that are indexed. Where a path stands twice, the later one counts.
    fileprivate func fields() throws -> [PayloadField] {
        try indexes.reduce(into: []) { fields, definition in
            let field = try definition.field()
            fields.removeAll { $0.path == field.path }
            fields.append(field)
        }
    }
}
