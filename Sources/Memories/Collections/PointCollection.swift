import ChangeLog
public import Core

/// A set of points with vectors of the same kinds.
public struct PointCollection: Sendable, Versioned {
    /// The type of collections in the change log.
    public static let entityType = "collection"

    /// What it is in the change log.
    public let id: Identifier
    /// Whose it is.
    public let tenant: Tenant
    /// What it is called, unique for its tenant.
    public let name: String
    /// What its points stand under in the tables.
    public let number: Int64
    /// How often it was changed, from 1.
    public internal(set) var version: Int64
    /// What it is made for.
    public internal(set) var definition: CollectionDefinition
    /// When it was made.
    public let createdAt: Timestamp
    /// When it was changed last.
    public internal(set) var updatedAt: Timestamp
}

extension PointCollection {
    /// Refuses to be asked about what it was where that is not kept.
    ///
    /// - throws: ``Failure`` `history_not_kept`.
    func requireHistory() throws {
        guard definition.keepsHistory else {
            throw Failure(
                .notFound, code: "history_not_kept",
                "\(name) keeps nothing of what its points were, since it was not made by the API of memories. Ask "
                    + "without as_of.")
        }
    }
}

extension PointCollection: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("name", name)
            json.member("number", number)
            json.member("version", version)
            definition.writeMembers(to: &json)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}
