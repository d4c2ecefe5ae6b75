import Core
import Memories
import Search

/// A memory, or a part of a document, by itself.
struct MemoryAnswer: JSONEncodable {
    let key: PointKey
    let payload: [UInt8]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", key)
            json.member("payload", raw: payload)
        }
    }
}

/// That a memory was written or deleted.
struct MemoryOutcome: JSONEncodable {
    let key: PointKey
    let message: String

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("success", true)
            json.member("point_id", key)
            json.member("message", message)
        }
    }
}

/// That all of a batch was written. One that is not acceptable has nothing written.
struct BatchOutcome: JSONEncodable {
    let count: Int
    /// Documents have always had a list of errors.
    var showsErrors = false

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("success_count", count)
            json.member("failed_count", 0)
            if showsErrors { json.member("errors", array: [String]()) }
        }
    }
}

/// How many were deleted.
struct DeletedCount: JSONEncodable {
    let count: Int

    func write(to json: inout JSONWriter) { json.object { $0.member("deleted", count) } }
}

/// The memories that a search found.
struct MemoryHits: JSONEncodable {
    let hits: [(hit: PointHit, point: Point)]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("results")
            json.array { json in
                for (hit, point) in hits { json.value(MemoryHit(hit: hit, point: point)) }
            }
            json.member("count", hits.count)
        }
    }
}

/// One that a search found.
struct MemoryHit: JSONEncodable {
    let hit: PointHit
    let point: Point

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", hit.key)
            json.member("score", hit.score)
            json.member("payload", raw: point.payload)
        }
    }
}

/// A part of the memories of a user.
struct MemoryPage: JSONEncodable {
    let points: [Point]
    let next: PointKey?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("memories", array: points.map { MemoryAnswer(key: $0.key, payload: $0.payload) })
            json.member("count", points.count)
            json.member("next_cursor", next)
        }
    }
}
