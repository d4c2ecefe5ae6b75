import Core
import Memories
import Search

/// Points as a client sends them, before the collection says what their vectors must be.
struct PointInput {
    /// A vector with the name that it was sent under, and where it stood.
    struct Vector {
        let name: String
        let components: [Float]
        let pointer: String
    }

    var key: PointKey
    var vectors: [Vector] = []
    var payload: [UInt8] = Array("{}".utf8)
    var expiresAt: Timestamp?

    /// The vectors as a collection stores them.
    ///
    /// - throws: ``Failure`` `invalid_request` for a name that the collection does not have, and a vector that does
    ///   not fit.
    func prepared(for definition: CollectionDefinition) throws -> PointVectors {
        var prepared = PointVectors()
        for vector in vectors {
            let place = try definition.requirePlace(of: vector.name, at: vector.pointer)
            let kind = definition.vectors[place]
            prepared.set(
                try kind.metric.prepare(vector.components, dimensions: kind.size, at: vector.pointer), at: place)
        }
        return prepared
    }

    /// The point as it is to be written.
    func draft(for definition: CollectionDefinition) throws -> PointDraft {
        PointDraft(key: key, payload: payload, vectors: try prepared(for: definition), expiresAt: expiresAt)
    }
}
