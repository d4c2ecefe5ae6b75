import ChangeLog
import Core
import HTTPTypes
import Memories
import Search

extension QdrantRoutes {
    /// Writing, reading and deleting points.
    func pointRoutes() -> [Route] {
        [
            update(.put, "/collections/{collection}/points") { [role] request in
                let inputs = try QdrantPointsBody.read(request)
                return { unit, collection in
                    let drafts = try inputs.map { try $0.draft(for: collection.definition) }
                    try role.points.upsert(drafts, into: collection, in: unit)
                }
            },
            operation(.post, "/collections/{collection}/points/delete") { request in
                .delete(try request.readBody { try QdrantSelection(&$0) })
            },
            update(.put, "/collections/{collection}/points/vectors") { [role] request in
                let inputs = try QdrantPointsBody.readVectors(request)
                return { unit, collection in try role.update(inputs, of: collection, in: unit) }
            },
            operation(.post, "/collections/{collection}/points/vectors/delete") { request in
                try request.readBody { fields in
                    let names =
                        fields.optionalStrings(
                            "vector", count: 1...CollectionDefinition.vectorLimit,
                            length: 0...CollectionDefinition.nameLimit) ?? []
                    if fields.isMissing("vector") { fields.reject("vector", "This member is required.") }
                    return .deleteVectors(names, try QdrantSelection(&fields))
                }
            },
            updates(.post, "/collections/{collection}/points/batch") { request in
                let operations = try QdrantOperation.list(request)
                return (
                    try await perform(operations),
                    { answer, update in
                        answer.response { $0.array(operations.map { _ in update }) }
                    }
                )
            },
            retrieval(.post, "/collections/{collection}/points") { request in
                try request.readBody { fields in
                    fields.ignore("shard_key")
                    let values = fields.optionalValues("ids", count: 0...QdrantSelection.keyLimit) ?? []
                    if fields.isMissing("ids") { fields.reject("ids", "This member is required.") }
                    return (
                        try QdrantSelection.keys(values, at: "/ids"),
                        try QdrantPayloadSelection(fields.value("with_payload"), default: true),
                        try QdrantVectorSelection(fields.value("with_vector"))
                    )
                }
            },
            single(),
        ]
    }

    private typealias Retrieval = (keys: [PointKey], payload: QdrantPayloadSelection, vectors: QdrantVectorSelection)

    private func retrieval(
        _ method: HTTPRequest.Method, _ path: String,
        _ decode: @escaping @Sendable (APIRequest) throws -> Retrieval
    ) -> Route {
        .read(method, path, scope: Self.read, bodyLimit: .bulk) { [role] request in
            let answer = QdrantAnswer()
            let name = try request.parameter("collection")
            try request.readQuery { QdrantUpdate.ignore(&$0) }
            let (keys, payload, vectors) = try decode(request)
            let tenant = request.tenant
            return { transaction in
                let collection = try role.collections.require(name, of: tenant, in: transaction)
                try vectors.check(collection.definition)
                let now = role.log.time.now()
                let points = try role.points.find(
                    all: keys, of: collection, withVectors: vectors.isShown, at: now, in: transaction,
                    budget: role.budget())
                return try answer.response { json in
                    try json.array { json in
                        for key in keys {
                            guard let point = points[key] else { continue }
                            try json.object { json in
                                json.member("id", key)
                                try payload.write(point, to: &json)
                                vectors.write(point, collection.definition, to: &json)
                            }
                        }
                    }
                }
            }
        }
    }

    private func single() -> Route {
        .read(.get, "/collections/{collection}/points/{id}", scope: Self.read) { [role] request in
            let answer = QdrantAnswer()
            let name = try request.parameter("collection")
            let text = try request.parameter("id")
            try request.readQuery { QdrantUpdate.ignore(&$0) }
            guard let key = PointKey(.number(text), .numberOrUUID) ?? PointKey(.string(text), .numberOrUUID) else {
                throw Failure.invalid(at: "", "A whole number from 0 or a UUID is expected, not \(text.prefix(64)).")
            }
            let tenant = request.tenant
            return { transaction in
                let collection = try role.collections.require(name, of: tenant, in: transaction)
                guard
                    let point = try role.points.find(
                        key, of: collection, withVectors: true, at: role.log.time.now(), in: transaction)
                else { throw Points.notFound(key) }
                return answer.response { json in
                    json.object { json in
                        json.member("id", key)
                        json.member("payload", raw: point.payload)
                        QdrantVectorSelection.all.write(point, collection.definition, to: &json)
                    }
                }
            }
        }
    }

    /// Changing payloads.
    func payloadRoutes() -> [Route] {
        let path = "/collections/{collection}/points/payload"
        return [
            operation(.post, path) { try $0.readBody { try .setPayload(&$0) } },
            operation(.put, path) { try $0.readBody { try .overwritePayload(&$0) } },
            operation(.post, path + "/delete") { try $0.readBody { try .deletePayload(&$0) } },
            operation(.post, path + "/clear") { try $0.readBody { .clearPayload(try QdrantSelection(&$0)) } },
        ]
    }
}
