import ChangeLog
import Core
import Search

/// A point as it is sent to a Qdrant server.
struct QdrantPoint: JSONEncodable {
    private let id: JSONValue
    private let key: String
    private let position: LogPosition
    private let vector: [Float]

    init(_ write: VectorWrite, of set: VectorSet, at position: LogPosition) {
        id = Self.id(of: write.key, in: set)
        key = QdrantReply.text(of: write.key)
        self.position = position
        vector = write.vector ?? []
    }

    /// The id of a point where it is one of Qdrant's, else a UUID made of it.
    static func id(of key: PointKey, in set: VectorSet) -> JSONValue {
        switch key {
        case .number(let number): .integer(number)
        case .uuid(let uuid): .string(uuid.description)
        // The collection is one of this set, so what the UUID is made with beside the key does not matter.
        case .text: .string(Point.entity(key, in: Int64(set.place)).description)
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.key("vector")
            json.array { json in
                for component in vector { json.value(component) }
            }
            json.member(
                "payload",
                object: { json in
                    json.member(QdrantReply.keyField, key)
                    json.member(QdrantReply.positionField, position.value)
                })
        }
    }
}

/// The condition that a point is of an earlier or a later position.
struct QdrantPositions: JSONEncodable {
    /// What Qdrant calls the bound: `lt` or `gt`.
    let bound: StaticString
    let position: LogPosition

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("key", "position")
            json.member("range", object: { $0.member(bound, position.value) })
        }
    }
}

/// The condition that a point is one of some.
struct QdrantIDs: JSONEncodable {
    let ids: [JSONValue]

    func write(to json: inout JSONWriter) {
        json.object { $0.member("has_id", array: ids) }
    }
}

/// The point that tells how far a set is complete.
struct QdrantMark: JSONEncodable {
    let id: String
    let name: String
    let mark: LogMark

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("vector", array: [1])
            json.member(
                "payload",
                object: { json in
                    json.member("name", name)
                    json.member(QdrantReply.positionField, mark.position.value)
                    json.member(QdrantReply.changeField, mark.change)
                })
        }
    }
}

extension VectorMetric {
    /// What Qdrant calls it.
    var nameOfQdrant: String {
        switch self {
        case .cosine: "Cosine"
        case .dot: "Dot"
        case .euclid: "Euclid"
        case .manhattan: "Manhattan"
        }
    }
}
