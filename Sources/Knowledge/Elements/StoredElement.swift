import Core
import Search
import Storage

/// An element as it is read on the way through the whole table.
struct StoredElement: Sendable {
    let place: [UInt8]
    let tenant: Tenant
    let kind: ElementKind
    let fields: StoredFields
    let embedding: [Float]?

    /// The columns of an element `e` that it is read from.
    static let columns: SQL = "e.place, e.tenant, e.document, e.embedding"

    init(_ row: Row) throws {
        guard let kind = row.withBytes(0, ElementPlace.kind) else {
            throw Failure(.internal, code: "corrupt_row", "An element of a graph stands at no place.")
        }
        let embedding = row.withBytes(3, StoredVector.components)
        place = row.bytes(0)
        tenant = Tenant(row.integer(1))
        self.kind = kind
        fields = try StoredFields(row.bytes(2))
        self.embedding = embedding.isEmpty ? nil : embedding
    }
}
