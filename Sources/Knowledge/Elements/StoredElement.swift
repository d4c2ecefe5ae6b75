import Core
import Search
import Storage

/// An element as it is read on the way through the whole table.
struct StoredElement: Sendable {
    let place: [UInt8]
    let tenant: Tenant
    let kind: ElementKind
    let fields: StoredFields
    /// Its vector; nil where it has none of the size that is set.
    let embedding: [Float]?
    /// Whether it has a vector of another size: the setting has been changed since it was written.
    let hasUnfitEmbedding: Bool

    /// The columns of an element `e` that it is read from.
    static let columns: SQL = "e.place, e.tenant, e.document, e.embedding"

    static var misplaced: Failure {
        Failure(.internal, code: "corrupt_row", "An element of a graph stands at no place.")
    }

    /// - parameter dimensions: how many components vectors have.
    init(_ row: Row, dimensions: Int) throws {
        guard let kind = row.withBytes(0, ElementPlace.kind) else { throw Self.misplaced }
        let embedding = row.withBytes(3, StoredVector.components)
        place = row.bytes(0)
        tenant = Tenant(row.integer(1))
        self.kind = kind
        fields = try StoredFields(row.bytes(2))
        let isFit = embedding.count == dimensions
        self.embedding = isFit ? embedding : nil
        hasUnfitEmbedding = !isFit && !embedding.isEmpty
    }
}
