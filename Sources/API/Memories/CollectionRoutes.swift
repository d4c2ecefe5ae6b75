import ChangeLog
import Core
public import Embedding
import HTTPTypes
public import Memories
import Search
import Storage

extension Routes {
    /// What there is of collections, and what keeps them well: for whoever runs the server.
    ///
    /// - parameters:
    ///   - embedder: turns the texts of imported memories into vectors; nil leaves them without.
    ///   - patience: how long a request waits until what was written can be found.
    public static func collectionRoutes(
        _ role: MemoryRole, _ memories: MemoryCollections, embedder: Embedder? = nil, patience: Duration
    ) -> [Route] {
        let routes = CollectionRoutes(
            role: role, memories: memories, texts: MemoryRoutes(role, memories, embedder, patience: patience),
            patience: patience)
        return [
            routes.list(), routes.one(), routes.rebuilding(), routes.verifying(), routes.importing(),
        ] + routes.exporting()
    }
}

/// The routes of collections as a whole.
private struct CollectionRoutes: Sendable {
    private static let path = "/api/v1/collections"

    let role: MemoryRole
    let memories: MemoryCollections
    /// Gives imported memories their vectors.
    let texts: MemoryRoutes
    let patience: Duration

    func list() -> Route {
        .custom(.get, Self.path, scope: MemoryRoutes.read) { request in
            try request.readQuery { _ in }
            return .ok(CollectionStatisticsList(items: try role.statistics(of: request.tenant)))
        }
    }

    func one() -> Route {
        .custom(.get, Self.path + "/{collection}", scope: MemoryRoutes.read) { request in
            try request.readQuery { _ in }
            return .ok(try role.statistics(try request.parameter("collection"), of: request.tenant))
        }
    }

    func rebuilding() -> Route {
        .custom(.post, Self.path + "/{collection}/rebuild", scope: MemoryRoutes.write) { request in
            try request.readQuery { _ in }
            var response = APIResponse.ok(
                try role.rebuild(try request.parameter("collection"), of: request.tenant))
            response.status = .accepted
            return response
        }
    }

    func verifying() -> Route {
        .custom(.post, Self.path + "/{collection}/verify", scope: MemoryRoutes.read) { request in
            try request.readQuery { _ in }
            return .ok(try await role.verify(try request.parameter("collection"), of: request.tenant))
        }
    }

    func importing() -> Route {
        Route.write(
            .post, Self.path + "/import", scope: MemoryRoutes.write, bodyLimit: .bulk, isolation: .readCommitted
        ) { request in
            try request.readQuery { _ in }
            var body = try PointImportBody(request, memories)
            try await body.fillVectors { try await texts.withVectors($0, .memory, of: request.tenant) }
            let lines = body
            return { .ok(ImportedPoints(count: try lines.write(role, memories, in: $0))) }
        }.reaching { try await role.waitUntilFound($0, atMost: patience) }
    }

    func exporting() -> [Route] {
        guard let snapshots = role.snapshots else { return [] }
        return [
            .stream(.get, Self.path + "/{collection}/export", scope: MemoryRoutes.read) { request in
                let name = try request.parameter("collection")
                let form = try request.readQuery { $0.optionalChoice("vectors", PointLine.VectorForm.self) } ?? .base64
                let export = try await snapshots.export(name, of: request.tenant)
                var response = APIResponse.stream(contentType: "application/x-ndjson") { writer in
                    try await TornStream.guarding { try await write(export, form, to: writer) }
                }
                response.position = export.head.position
                return response
            }
        ]
    }

    /// How many bytes are sent at a time.
    private static let partSize = 1 << 18

    private func write(
        _ export: ExportedPoints, _ form: PointLine.VectorForm, to writer: any APIStreamWriter
    ) async throws {
        var part = JSONWriter.bytes(of: CollectionLine(export.head)) + [UInt8(ascii: "\n")]
        try await export.forEach { point in
            part += PointLine.write(point, of: export.head, form)
            guard part.count >= Self.partSize else { return }
            try await writer.write(part)
            part.removeAll(keepingCapacity: true)
        }
        try await writer.write(part)
    }
}

private struct CollectionStatisticsList: JSONEncodable {
    let items: [CollectionStatistics]

    func write(to json: inout JSONWriter) { json.object { $0.member("items", array: items) } }
}

private struct ImportedPoints: JSONEncodable {
    let count: Int

    func write(to json: inout JSONWriter) { json.object { $0.member("points", count) } }
}
