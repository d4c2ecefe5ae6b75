import ChangeLog
import Core
import HTTPTypes
import Memories
import Search
import Storage

extension MemoryRoutes {
    /// The parts of documents.
    func documents() -> [Route] {
        documentWriting() + documentReading() + documentRemoval()
    }

    private func documentWriting() -> [Route] {
        [
            .write(.post, "/documents", scope: Self.write, isolation: .readCommitted) { request in
                let sent = try request.readJSON { try MemoryBody.read(&$0, .document) }
                let reach = UserReach(request)
                try reach.require(sent.payload)
                let bodies = try await withVectors([sent], .document, of: request.tenant)
                return { unit in
                    try upsert(bodies, into: MemoryCollections.documents, .document, reach, in: unit)
                    return .json([])
                }
            },
            .write(.post, "/documents/batch", scope: Self.write, bodyLimit: .bulk, isolation: .readCommitted) {
                request in
                let sent = try request.readJSON { try MemoryBody.list(&$0, member: "documents", .document) }
                let reach = UserReach(request)
                for body in sent { try reach.require(body.payload) }
                let bodies = try await withVectors(sent, .document, of: request.tenant)
                return { unit in
                    try upsert(bodies, into: MemoryCollections.documents, .document, reach, in: unit)
                    return .ok(BatchOutcome(count: bodies.count, showsErrors: true))
                }
            },
            .write(.post, "/documents/update-group-key", scope: Self.write) { request in
                let (user, file, group) = try request.readBody { fields in
                    (
                        fields.integer("user_id", in: Self.integers), fields.integer("file_id", in: Self.integers),
                        fields.string("new_group_key", length: 1...255)
                    )
                }
                try UserReach(request).require(user)
                let filter = try PayloadFilter.points(ofUser: user, integers: [("file_id", file)])
                let patch = JSONObject([.init("group_key", .string(group))])
                try await role.waitUntilAllIsFound(atMost: patience)
                return { unit in
                    .ok(
                        try change(filter, in: unit) { try $0.replacePayload($0.payloadObject().overlaid(with: patch)) }
                    )
                }
            },
        ]
    }

    private func documentReading() -> [Route] {
        [
            .read(.get, "/documents/{id}", scope: Self.read) { request in
                let (key, name) = try place(of: request, .document)
                let (tenant, reach) = (request.tenant, UserReach(request))
                return { transaction in
                    let found = try role.collections.find(name, of: tenant, in: transaction).flatMap {
                        try role.points.find(
                            key, of: $0, withVectors: true, at: role.log.time.now(), in: transaction)
                    }
                    guard let point = found, try reach.includes(point) else { throw Points.notFound(key) }
                    return .ok(DocumentAnswer(point: point))
                }
            },
            .preparedRead(.post, "/documents/search", scope: Self.read) { request in
                let sent = try MemorySearchBody.read(request, vectorIn: "vector", .document)
                try UserReach(request).require(sent.user)
                let body = try await withVector(sent, in: MemoryCollections.documents, of: request.tenant)
                let query = try body.query(.document)
                let tenant = request.tenant
                let reading: Route.Reading = { transaction in
                    try search(
                        MemoryCollections.documents, body.past, of: tenant, in: transaction,
                        otherwise: DocumentHits(hits: [])
                    ) { DocumentHits(hits: try $0.run(query).map { MemoryHit(hit: $0.hit, point: $0.point) }) }
                }
                return (body.past?.neededPosition(role), reading)
            }.computingLong(),
            statistics(.get, "/documents/stats/{user}") { request in
                let user = try reachableUser(request)
                try request.readQuery { _ in }
                return (try .points(ofUser: user), { .ok($0) })
            },
            statistics(.get, "/documents/groups/{user}") { request in
                let user = try reachableUser(request)
                try request.readQuery { _ in }
                return (try .points(ofUser: user), { .ok(DocumentGroups(names: $0.groups.keys.sorted())) })
            },
            statistics(.post, "/documents/files-by-group") { request in
                let (user, group) = try request.readBody { fields in
                    (fields.integer("user_id", in: Self.integers), fields.string("group_key", length: 1...255))
                }
                try UserReach(request).require(user)
                return (
                    try .points(ofUser: user, texts: [("group_key", group)]), { .ok(DocumentFiles(statistics: $0)) }
                )
            },
        ]
    }

    private func documentRemoval() -> [Route] {
        [
            .write(.delete, "/documents/{id}", scope: Self.write) { request in
                let (key, name) = try place(of: request, .document)
                let reach = UserReach(request)
                return { unit in
                    _ = try delete(key, from: name, reach, in: unit)
                    return .json([])
                }
            },
            removal(.post, "/documents/delete-by-file") { request in
                let (user, file) = try request.readBody { fields in
                    (fields.integer("user_id", in: Self.integers), fields.integer("file_id", in: Self.integers))
                }
                try UserReach(request).require(user)
                return try .points(ofUser: user, integers: [("file_id", file)])
            },
            removal(.post, "/documents/delete-by-group") { request in
                let (user, group) = try request.readBody { fields in
                    (fields.integer("user_id", in: Self.integers), fields.string("group_key", length: 1...255))
                }
                try UserReach(request).require(user)
                return try .points(ofUser: user, texts: [("group_key", group)])
            },
            .write(.delete, "/documents/user/{user}", scope: Self.write) { request in
                let user = try reachableUser(request)
                try request.readQuery { _ in }
                let wipe = try await wipe(user, for: request.context) { _, _ in [MemoryCollections.documents] }
                return { .ok(try wipe($0)) }
            },
        ]
    }

    private static let integers = Int64.min...Int64.max

    /// A route that deletes what fits a filter and says how much that was.
    private func removal(
        _ method: HTTPRequest.Method, _ path: String,
        _ decode: @escaping @Sendable (APIRequest) throws -> PayloadFilter
    ) -> Route {
        .write(method, path, scope: Self.write) { request in
            let filter = try decode(request)
            let removal = try await removal(of: filter, from: MemoryCollections.documents, for: request)
            return { .ok(try removal($0)) }
        }
    }

    /// A route that counts the parts of documents that fit a filter.
    private func statistics(
        _ method: HTTPRequest.Method, _ path: String,
        _ decode:
            @escaping @Sendable (APIRequest) throws -> (
                PayloadFilter, @Sendable (DocumentStatistics) -> APIResponse
            )
    ) -> Route {
        .read(method, path, scope: Self.read) { request in
            let (filter, respond) = try decode(request)
            let tenant = request.tenant
            return { transaction in
                let name = MemoryCollections.documents
                guard role.collection(name, of: tenant) != nil else { return respond(DocumentStatistics()) }
                return try role.search(name, of: tenant, in: transaction) { found in
                    var statistics = DocumentStatistics()
                    try found.forEach(filter) { try statistics.add($0.payloadObject()) }
                    return respond(statistics)
                }
            }
        }.computingLong()
    }

    /// Changes the documents that fit a filter.
    ///
    /// - returns: how many fit.
    private func change(
        _ filter: PayloadFilter, in unit: UnitOfWork, _ change: (inout Point) throws -> Void
    ) throws -> Int {
        let name = MemoryCollections.documents
        guard let collection = try role.collections.find(name, of: unit.tenant, in: unit.transaction) else { return 0 }
        let keys = try role.keys(of: filter, in: collection, unit.transaction)
        var count = 0
        try role.points.update(keys, of: collection, in: unit) { point in
            guard filter.matches(payload: try point.payloadObject(), id: point.key) else { return }
            count += 1
            try change(&point)
        }
        return count
    }
}

/// A part of a document with its vector.
private struct DocumentAnswer: JSONEncodable {
    let point: Point

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", point.key)
            json.member("score", 1.0)
            json.member("payload", raw: point.payload)
            json.member("vector", array: point.vectors?[0] ?? [])
        }
    }
}

/// The parts of documents that a search found: a list by itself.
private struct DocumentHits: JSONEncodable {
    let hits: [MemoryHit]

    func write(to json: inout JSONWriter) { json.array(hits) }
}

/// The groups of a user's documents.
private struct DocumentGroups: JSONEncodable {
    let names: [String]

    func write(to json: inout JSONWriter) { json.array(names) }
}

/// How many parts each file of a group has.
private struct DocumentFiles: JSONEncodable {
    let statistics: DocumentStatistics

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member(
                "files",
                object: { json in
                    for (file, entry) in statistics.files.sorted(by: { $0.key < $1.key }) {
                        json.key(named: String(file))
                        json.value(entry.count)
                    }
                })
        }
    }
}

/// How many parts of documents there are, by file and group.
struct DocumentStatistics: Sendable, JSONEncodable {
    private(set) var count = 0
    private(set) var groups: [String: Int] = [:]
    private(set) var files: [Int64: (count: Int, group: String)] = [:]

    /// Counts a part.
    mutating func add(_ payload: JSONObject) {
        count += 1
        var group = ""
        if case .string(let name) = payload["group_key"] { group = name }
        groups[group, default: 0] += 1
        if case .number(let text) = payload["file_id"], let file = Int64(text) {
            files[file] = ((files[file]?.count ?? 0) + 1, group)
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("total_chunks", count)
            json.member("total_files", files.count)
            json.member("total_groups", groups.count)
            json.member(
                "chunks_by_group",
                object: { json in
                    for (group, count) in groups.sorted(by: { $0.key < $1.key }) {
                        json.key(named: group)
                        json.value(count)
                    }
                })
            json.member(
                "chunks_by_file",
                object: { json in
                    for (file, entry) in files.sorted(by: { $0.key < $1.key }) {
                        json.key(named: String(file))
                        json.object { json in
                            json.member("chunks", entry.count)
                            json.member("group_key", entry.group)
                        }
                    }
                })
        }
    }
}
