import Core
import Foundation
import Memories
import Search

/// A point in one line of JSON, as collections are exported and imported:
///
///     {"collection":"songs","id":7,"vector":"AACAPw==","payload":{"year":1959},"expires_at":null}
///
/// An id that is a text has `"id_kind":"text"` beside it. A vector is the base64 of its 32-bit floating-point numbers,
/// the least significant byte first, or an array of numbers; several stand under their names in an object.
struct PointLine {
    /// How vectors are written.
    enum VectorForm: String, CaseIterable {
        case base64, numbers, none
    }

    let collection: String
    var input: PointInput

    /// Writes a line with its end.
    static func write(_ point: Point, of head: SnapshotHead, _ form: VectorForm) -> [UInt8] {
        var json = JSONWriter(capacity: 256 + point.payload.count + 2 * 4_096)
        json.object { json in
            json.member("collection", head.collection)
            json.member("id", point.key)
            if case .text = point.key { json.member("id_kind", "text") }
            if form != .none { write(point, head.definition, form, to: &json) }
            // Between the members of a payload there may be ends of lines; within a text there is none.
            json.member("payload", raw: point.payload.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
            json.member("expires_at", point.expiresAt)
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(
        _ point: Point, _ definition: CollectionDefinition, _ form: VectorForm, to json: inout JSONWriter
    ) {
        let elements = point.vectors?.elements ?? []
        if let only = elements.first, elements.count == 1, definition.vectors[only.place].name.isEmpty {
            json.key("vector")
            return write(only.components, form, to: &json)
        }
        json.member(
            "vector",
            object: { json in
                for element in elements {
                    json.key(named: definition.vectors[element.place].name)
                    write(element.components, form, to: &json)
                }
            })
    }

    private static func write(_ components: [Float], _ form: VectorForm, to json: inout JSONWriter) {
        guard form == .base64 else { return json.array(components) }
        let words = components.map(\.bitPattern.littleEndian)
        json.value(words.withUnsafeBytes { Data($0) }.base64EncodedString())
    }

    /// Reads a line.
    init(_ reader: inout JSONReader) throws {
        var (collection, isText, id) = (String?.none, false, JSONValue?.none)
        var input = PointInput(key: .number(0))
        var hasVector = false
        try reader.object { name, reader in
            switch name {
            case "collection":
                collection = try reader.optionalText(1...CollectionDefinition.nameLimit)
            case "id": id = try reader.value()
            case "id_kind":
                guard try reader.value() == .string("text") else {
                    throw reader.failure("Nothing but text is expected.")
                }
                isText = true
            case "vector":
                input.vectors = try reader.namedVectors()
                hasVector = true
            case "payload": input.payload = try reader.payload()
            case "expires_at": input.expiresAt = try reader.optionalTimestamp()
            default: throw reader.failure("There is no member of this name here.")
            }
        }
        guard let collection else { throw reader.failure("This member is required.", member: "collection") }
        guard let id else { throw reader.failure("This member is required.", member: "id") }
        guard let key = PointKey(id, isText ? .text : .numberOrUUID) else {
            throw reader.failure(
                "A whole number from 0 or a UUID is expected, or a text with id_kind.", member: "id")
        }
        guard hasVector else {
            throw reader.failure("A vector is required: export the points with their vectors.", member: "vector")
        }
        input.key = key
        self.collection = collection
        self.input = input
    }
}

/// The first line of an export: what the collection is made for, and how many lines follow.
struct CollectionLine: JSONEncodable {
    private let head: SnapshotHead

    init(_ head: SnapshotHead) { self.head = head }

    func write(to json: inout JSONWriter) { json.value(head) }
}
