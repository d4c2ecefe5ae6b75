import ChangeLog
import Core
import HTTPTypes
import Synchronization
import Telemetry

extension Routes {
    /// The change log: read in parts, or followed as a stream of server-sent events.
    static func changes(_ log: ChangeLog, _ metrics: MetricsRegistry, _ settings: SettingsValues) -> [Route] {
        let patience = Duration.milliseconds(settings[APISettings.positionWait])
        let slots = StreamSlots(
            limit: settings[APISettings.streamsLimit],
            gauge: metrics.gauge("http_streams", "Open streams of changes.").with())
        return [
            .custom(.get, "/api/v1/changes", scope: "changes:read") { request in
                let (after, types, limit) = try request.readQuery { query in
                    let limit = query.optionalInteger("limit", in: 1...Int64(ChangeLog.batchLimits.upperBound))
                    return (query.position("after"), query.entityTypes(), limit.map(Int.init) ?? 100)
                }
                if let seen = request.seenPosition { try await log.waitUntilSettled(seen, atMost: patience) }
                let head = log.head
                let batch = try await log.read(atLeast: head) { transaction in
                    try ChangeLog.batch(
                        after: after ?? .start, upTo: head, limit: limit, types: types, of: request.tenant,
                        in: transaction)
                }.value
                return .ok(ChangePart(batch: batch))
            },
            .stream(.get, "/api/v1/changes/stream", scope: "changes:read") { request in
                let (after, types) = try request.readQuery { ($0.position("after"), $0.entityTypes()) }
                let start = try request.lastEvent ?? after ?? log.head
                guard slots.enter(request.tenant) else { throw StreamSlots.full(slots.limit) }
                return .stream(contentType: "text/event-stream") { writer in
                    defer { slots.leave(request.tenant) }
                    try await ChangeStream(log: log, tenant: request.tenant, types: types)
                        .write(after: start, to: writer)
                }
            },
        ]
    }
}

/// A part of the log, and where to go on.
private struct ChangePart: JSONEncodable {
    let batch: ChangeBatch

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("items", array: batch.changes)
            json.member("next_after", batch.upTo)
        }
    }
}

/// The changes of a tenant as server-sent events (WHATWG HTML, section 9.2), each with its position as its id.
private struct ChangeStream {
    let log: ChangeLog
    let tenant: Tenant
    let types: Set<String>?

    /// How many changes are read at once.
    private static let batchSize = 200
    /// How long a stream may be silent before a comment shows that it lives.
    private static let heartbeat = Duration.seconds(15)

    func write(after start: LogPosition, to writer: any APIStreamWriter) async throws {
        var after = start
        try await writer.write(Array(": changes after \(start)\n\n".utf8))
        while !Task.isCancelled {
            let position = after
            let head = log.head
            let batch = try await log.read(atLeast: head) { [types, tenant] in
                try ChangeLog.batch(
                    after: position, upTo: head, limit: Self.batchSize, types: types, of: tenant, in: $0)
            }.value
            if !batch.changes.isEmpty { try await writer.write(Self.events(batch.changes)) }
            after = batch.upTo
            guard after >= log.head else { continue }
            try await log.waitForChange(after: after, atMost: Self.heartbeat)
            if log.head <= after { try await writer.write(Array(": alive\n\n".utf8)) }
        }
    }

    private static func events(_ changes: [Change]) -> [UInt8] {
        var bytes: [UInt8] = []
        for change in changes {
            bytes += "id: \(change.position)\nevent: \(change.entityType).\(change.operation.rawValue)\ndata: ".utf8
            bytes += JSONWriter.bytes(of: change, capacity: 2_048)
            bytes += "\n\n".utf8
        }
        return bytes
    }
}

/// How many streams each tenant has open.
private final class StreamSlots: Sendable {
    let limit: Int
    private let gauge: Gauge
    private let open = Mutex<[Tenant: Int]>([:])

    init(limit: Int, gauge: Gauge) {
        self.limit = limit
        self.gauge = gauge
    }

    /// Takes a slot, unless the tenant has as many as it may.
    func enter(_ tenant: Tenant) -> Bool {
        let isTaken = open.withLock { open in
            guard open[tenant, default: 0] < limit else { return false }
            open[tenant, default: 0] += 1
            return true
        }
        if isTaken { gauge.add(1) }
        return isTaken
    }

    func leave(_ tenant: Tenant) {
        open.withLock { open in
            open[tenant, default: 1] -= 1
            if open[tenant] == 0 { open[tenant] = nil }
        }
        gauge.add(-1)
    }

    static func full(_ limit: Int) -> Failure {
        Failure(
            .tooManyRequests, code: "too_many_streams",
            "A tenant may have \(limit) streams open (api.streams_limit). Close one, or share it.", retryAfter: 5)
    }
}

extension QueryReader {
    fileprivate mutating func position(_ name: String) -> LogPosition? {
        optionalInteger(name, in: 0...Int64.max).map { LogPosition($0) }
    }

    fileprivate mutating func entityTypes() -> Set<String>? {
        optionalStrings("types", count: 1...ChangeLog.typeLimit, length: 1...64).map(Set.init)
    }
}

extension APIRequest {
    /// The position of the last event that a client that comes back has seen.
    fileprivate var lastEvent: LogPosition? {
        get throws {
            guard let text = headers[.eventID] else { return nil }
            guard let number = Int64(text), number >= 0 else {
                throw Failure(
                    .malformed, code: "malformed_position", "Last-Event-ID takes the id of an event, for example 1042.")
            }
            return LogPosition(number)
        }
    }
}
