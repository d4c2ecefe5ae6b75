import Core
import Embedding
import HTTPTypes
import Memories
import Storage

extension MemoryRoutes {
    /// What the service is and has.
    ///
    /// - parameter graphs: what it has of graphs, if anything.
    func telling(_ graphs: GraphCapabilities?) -> [Route] {
        [
            .custom(.get, "/capabilities", access: .open) { request in
                try request.readQuery { _ in }
                var response = APIResponse.ok(Capabilities(embedding: embedding, graphs: graphs))
                response.headers[.cacheControl] = "public, max-age=30"
                return response
            },
            .read(.get, "/collection/info", scope: Self.read) { request in
                let name = try memories.name(.memory, namespace: request.readQuery { $0.namespace() })
                let tenant = request.tenant
                return { .ok(try figures(name, of: tenant, in: $0)) }
            }.computingLong(),
            .read(.get, "/service/info", scope: Self.read) { request in
                try request.readQuery { _ in }
                let tenant = request.tenant
                return { transaction in
                    .ok(
                        ServiceFigures(
                            embedding: embedding,
                            collection: try figures(MemoryCollections.memories, of: tenant, in: transaction)))
                }
            }.computingLong(),
        ]
    }

    private var embedding: EmbeddingFigures {
        EmbeddingFigures(model: embedder?.model, dimensions: memories.dimensions)
    }

    private func figures(
        _ name: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> CollectionFigures {
        guard role.collection(name, of: tenant) != nil else { return CollectionFigures() }
        return try role.search(name, of: tenant, in: transaction) { found in
            let points = try found.count(nil)
            return CollectionFigures(
                pointCount: points, vectorCount: found.vectorCount, indexedCount: found.indexedCount)
        }
    }
}

/// How much a collection has.
private struct CollectionFigures: JSONEncodable {
    var pointCount = 0
    var vectorCount = 0
    var indexedCount = 0

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("status", "green")
            json.member("points_count", pointCount)
            json.member("vectors_count", vectorCount)
            json.member("indexed_vectors_count", indexedCount)
        }
    }
}

/// What clients can expect.
private struct Capabilities: JSONEncodable {
    let embedding: EmbeddingFigures
    let graphs: GraphCapabilities?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("service", "millrace")
            json.member("version", Version.current)
            json.member("vector_dimension", embedding.dimensions)
            json.member("embedding", embedding)
            if let graphs { json.member("graphs", graphs) }
        }
    }
}

/// Whether texts are turned into vectors, and by what.
private struct EmbeddingFigures: JSONEncodable {
    let model: String?
    let dimensions: Int

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("supported", model != nil)
            json.member("backend", model == nil ? "none" : "openai")
            json.member("model", model)
            json.member("device", model == nil ? "none" : "remote")
            json.member("vector_dimension", dimensions)
        }
    }
}

private struct ServiceFigures: JSONEncodable {
    let embedding: EmbeddingFigures
    let collection: CollectionFigures

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("service", "millrace")
            json.member("version", Version.current)
            json.member("rust_version", "none")
            json.member("status", "healthy")
            json.member("embedding", embedding)
            json.member("collection", collection)
        }
    }
}
