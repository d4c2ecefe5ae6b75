import ChangeLog
import Core
import HTTPTypes
import Memories

extension QdrantRoutes {
    private static let path = "/collections/{collection}/snapshots"
    /// How long an answer waits until the index of a collection that was restored is made.
    private static let patience = Duration.seconds(600)

    /// Making, listing, reading, deleting and restoring snapshots.
    func snapshotRoutes() -> [Route] {
        guard let snapshots = role.snapshots else { return [] }
        return [
            .custom(.get, Self.path, scope: Self.read) { request in
                let (answer, name) = (QdrantAnswer(), try request.parameter("collection"))
                try request.readQuery { _ in }
                let found = try snapshots.list(name, of: request.tenant)
                if found.isEmpty, role.collection(name, of: request.tenant) == nil { throw Collections.notFound(name) }
                return answer.response { $0.array(found.map(QdrantSnapshot.init)) }
            },
            .custom(.post, Self.path, scope: Self.write) { request in
                let (answer, name) = (QdrantAnswer(), try request.parameter("collection"))
                try request.readQuery { QdrantSnapshotQuery.ignore(&$0) }
                return answer.response(QdrantSnapshot(try await snapshots.create(name, of: request.tenant)))
            },
            .custom(.delete, Self.path + "/{snapshot}", scope: Self.write) { request in
                let answer = QdrantAnswer()
                try request.readQuery { QdrantSnapshotQuery.ignore(&$0) }
                try snapshots.delete(
                    request.parameter("snapshot"), of: request.parameter("collection"), request.tenant)
                return answer.response(true)
            },
            download(snapshots),
            .custom(.put, Self.path + "/recover", scope: Self.write) { request in
                let answer = QdrantAnswer()
                let name = try Self.newName(request)
                try request.readQuery { QdrantSnapshotQuery.ignore(&$0) }
                let body = try request.readBody { QdrantRecovery(&$0) }
                let (source, file) = try SnapshotLocation(
                    body.location, host: request.headers[.hostAddress], of: name
                ).place
                let position = try await snapshots.restore(
                    file, of: source, into: name, checksum: body.checksum, for: request.context)
                return try await restored(answer, at: position)
            },
            upload(snapshots),
        ]
    }

    private func download(_ snapshots: Snapshots) -> Route {
        .stream(.get, Self.path + "/{snapshot}", scope: Self.read) { request in
            let (collection, name) = (try request.parameter("collection"), try request.parameter("snapshot"))
            try request.readQuery { _ in }
            let tenant = request.tenant
            let found = try snapshots.find(name, of: collection, tenant)
            var response = APIResponse.stream(contentType: "application/octet-stream") { writer in
                try await TornStream.guarding {
                    try await snapshots.read(name, of: collection, tenant) { try await writer.write($0) }
                }
            }
            response.headers[.contentLength] = String(found.size)
            response.headers[.contentDisposition] = "attachment; filename=\"\(found.name)\""
            return response
        }
    }

    private func upload(_ snapshots: Snapshots) -> Route {
        Route.custom(.post, Self.path + "/upload", scope: Self.write, bodyLimit: .bulk) { request in
            let answer = QdrantAnswer()
            let name = try Self.newName(request)
            let checksum = try request.readQuery { query in
                QdrantSnapshotQuery.ignore(&query)
                return query.optionalString("checksum", length: 64...64)
            }
            let position = try await snapshots.restore(
                try MultipartFile(request).bytes, into: name, checksum: checksum, for: request.context)
            return try await restored(answer, at: position)
        }.takingAnyMedia()
    }

    private func restored(_ answer: QdrantAnswer, at position: LogPosition) async throws -> APIResponse {
        try await role.waitUntilFound(position, atMost: Self.patience)
        var response = answer.response(true)
        response.position = position
        return response
    }
}

/// What the query of a request about snapshots may say.
enum QdrantSnapshotQuery {
    /// Takes what makes no difference: everything is done when it is answered, by the one server there is.
    static func ignore(_ query: inout QueryReader) {
        _ = query.optionalBool("wait")
        _ = query.optionalString("priority", length: 1...16)
    }
}

/// Where a client wants a collection restored from.
private struct QdrantRecovery: Sendable {
    let location: String
    let checksum: String?

    init(_ fields: inout JSONFields) {
        location = fields.string("location", length: 1...4_096)
        checksum = fields.optionalString("checksum", length: 64...64)
        fields.ignore("priority")
        // The key for another server, which is never asked.
        fields.ignore("api_key")
    }
}

/// A snapshot as Qdrant describes it.
private struct QdrantSnapshot: JSONEncodable {
    private let snapshot: SnapshotDescription

    init(_ snapshot: SnapshotDescription) { self.snapshot = snapshot }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("name", snapshot.name)
            json.member("creation_time", "\(snapshot.createdAt)".prefix { $0 != "." && $0 != "Z" }.description)
            json.member("size", snapshot.size)
            json.member("checksum", snapshot.checksum)
        }
    }
}
