import ChangeLog
import Core
import HTTPTypes
import Memories
import Search
import Storage

extension QdrantRoutes {
    /// What clients ask first, to tell whether they fit the server: the version of Qdrant's API that is served.
    func greeting() -> Route {
        .custom(.get, "/", access: .open) { request in
            try request.readQuery { _ in }
            return .ok(QdrantGreeting())
        }
    }

    /// Making, changing, listing and deleting collections.
    func collectionRoutes() -> [Route] {
        [
            .read(.get, "/collections", scope: Self.read) { [role] request in
                let answer = QdrantAnswer()
                let tenant = request.tenant
                return { transaction in
                    let names = try role.collections.names(of: tenant, in: transaction)
                    return answer.response { json in
                        json.object { $0.member("collections", array: names.map(QdrantCollectionName.init)) }
                    }
                }
            },
            .read(.get, "/collections/{collection}/exists", scope: Self.read) { [role] request in
                let answer = QdrantAnswer()
                let name = try request.parameter("collection")
                let tenant = request.tenant
                return { transaction in
                    let exists = try role.collections.find(name, of: tenant, in: transaction) != nil
                    return answer.response { json in json.object { $0.member("exists", exists) } }
                }
            },
            search(.get, "/collections/{collection}") { _ in
                { found, json in
                    json.value(
                        QdrantCollectionInfo(
                            collection: found.collection, pointCount: try found.count(nil),
                            indexedCount: found.indexedCount))
                }
            },
            .write(.put, "/collections/{collection}", scope: Self.write, isolation: .readCommitted) { [role] request in
                let answer = QdrantAnswer()
                let name = try Self.newName(request)
                try request.readQuery { QdrantUpdate.ignore(&$0) }
                let definition = try request.readBody { try QdrantCollectionBody.definition(&$0) }
                return { unit in
                    _ = try role.collections.create(name, definition, in: unit)
                    return answer.response(true)
                }
            },
            .write(.patch, "/collections/{collection}", scope: Self.write, isolation: .readCommitted) {
                [role] request in
                let answer = QdrantAnswer()
                let name = try request.parameter("collection")
                try request.readQuery { QdrantUpdate.ignore(&$0) }
                let change = try request.readBody { try QdrantCollectionBody.change(&$0) }
                return { unit in
                    try role.collections.update(name, in: unit, change)
                    return answer.response(true)
                }
            },
            .write(.delete, "/collections/{collection}", scope: Self.write, isolation: .readCommitted) {
                [role] request in
                let answer = QdrantAnswer()
                let name = try request.parameter("collection")
                try request.readQuery { QdrantUpdate.ignore(&$0) }
                return { answer.response(try role.collections.delete(name, in: $0)) }
            },
        ]
    }

    /// The indexes of payload fields.
    func indexRoutes() -> [Route] {
        [
            update(.put, "/collections/{collection}/index") { [role] request in
                let field = try request.readBody { try QdrantCollectionBody.index(&$0) }
                return { unit, collection in
                    try role.collections.update(collection.name, in: unit) { definition in
                        definition.indexes.removeAll { $0.path == field.path }
                        definition.indexes.append(field)
                        guard definition.indexes.count <= CollectionDefinition.indexLimit else {
                            throw Failure.invalid(
                                at: "/field_name",
                                "A collection has \(CollectionDefinition.indexLimit) indexed fields at most.")
                        }
                    }
                }
            },
            update(.delete, "/collections/{collection}/index/{field}") { [role] request in
                let path = try request.parameter("field")
                return { unit, collection in
                    try role.collections.update(collection.name, in: unit) { definition in
                        definition.indexes.removeAll { $0.path == path }
                    }
                }
            },
        ]
    }

    static func newName(_ request: APIRequest) throws -> String {
        let name = try request.parameter("collection")
        guard CollectionDefinition.isName(name) else {
            throw Failure.invalid(
                at: "",
                "The name of a collection has 1 to \(CollectionDefinition.nameLimit) characters, none of them a "
                    + "control character or one of < > : \" / \\ | ? *.")
        }
        return name
    }
}

private struct QdrantGreeting: JSONEncodable {
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("title", "millrace, with the REST API of Qdrant")
            json.member("version", "1.20.0")
        }
    }
}

private struct QdrantCollectionName: JSONEncodable {
    let name: String

    func write(to json: inout JSONWriter) { json.object { $0.member("name", name) } }
}
