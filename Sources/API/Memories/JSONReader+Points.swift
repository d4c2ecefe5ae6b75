import Core
import Foundation
import Memories
import Search

extension JSONReader {
    /// How many components a vector has at most.
    static let componentLimit = Int(VectorDefinition.sizes.upperBound)

    /// Reads a vector: an array of numbers, or the base64 of numbers of four bytes each, the least significant first.
    mutating func vector() throws -> [Float] {
        switch try kind() {
        case .array:
            return try floats(limit: Self.componentLimit)
        case .string:
            guard case .string(let text) = try value(), let data = Data(base64Encoded: text), data.count % 4 == 0,
                data.count <= 4 * Self.componentLimit
            else { throw failure("The base64 of 32-bit floating-point numbers is expected, or an array of numbers.") }
            return data.withUnsafeBytes { bytes in
                (0..<data.count / 4).map {
                    Float(
                        bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
                }
            }
        default:
            throw failure("A vector is an array of numbers. Sparse vectors and multivectors are not stored.")
        }
    }

    /// Reads what stands under `vector` in a point: one vector, or several by their names.
    mutating func namedVectors() throws -> [PointInput.Vector] {
        guard try kind() == .object else {
            let pointer = pointer
            return [PointInput.Vector(name: "", components: try vector(), pointer: pointer)]
        }
        var vectors: [PointInput.Vector] = []
        try object { name, reader in
            let pointer = reader.pointer
            vectors.append(PointInput.Vector(name: name, components: try reader.vector(), pointer: pointer))
        }
        return vectors
    }

    /// Reads the id of a point.
    mutating func pointKey(_ form: PointKey.Form = .numberOrUUID) throws -> PointKey {
        guard let key = PointKey(try value(), form) else {
            throw failure(
                form == .text
                    ? "A text of 1 to \(PointKey.textLimit) bytes is expected."
                    : "A whole number from 0 or a UUID is expected.")
        }
        return key
    }

    /// Reads a payload: a JSON object, or null for an empty one.
    mutating func payload() throws -> [UInt8] {
        switch try kind() {
        case .null:
            _ = try value()
            return Array("{}".utf8)
        default: return try storedObject().bytes
        }
    }

    /// Reads an object that is stored as it is.
    mutating func storedObject() throws -> (object: JSONObject, bytes: [UInt8]) {
        let (value, bytes) = try valueAndBytes()
        guard case .object(let object) = value else { throw failure("An object is expected.") }
        try StoredObject.check(object, size: bytes.count, limit: StoredObject.payloadLimit, at: pointer)
        return (object, bytes)
    }
}
