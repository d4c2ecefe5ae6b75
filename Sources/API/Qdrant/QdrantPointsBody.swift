import Core
import Foundation
import Memories
import Search

/// Points as a client sends them, before the collection says what their vectors must be.
struct PointInput {
    /// A vector with the name that it was sent under, and where it stood.
    struct Vector {
        let name: String
        let components: [Float]
        let pointer: String
    }

    var key: PointKey
    var vectors: [Vector] = []
    var payload: [UInt8] = Array("{}".utf8)
    var expiresAt: Timestamp?

    /// The vectors as a collection stores them.
    ///
    /// - throws: ``Failure`` `invalid_request` for a name that the collection does not have, and a vector that does
    ///   not fit.
    func prepared(for definition: CollectionDefinition) throws -> PointVectors {
        var prepared = PointVectors()
        for vector in vectors {
            let place = try definition.requirePlace(of: vector.name, at: vector.pointer)
            let kind = definition.vectors[place]
            prepared.set(
                try kind.metric.prepare(vector.components, dimensions: kind.size, at: vector.pointer), at: place)
        }
        return prepared
    }

    /// The point as it is to be written.
    func draft(for definition: CollectionDefinition) throws -> PointDraft {
        PointDraft(key: key, payload: payload, vectors: try prepared(for: definition), expiresAt: expiresAt)
    }
}

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

/// The body of Qdrant's upsert: `{"points":[…]}` or `{"batch":{"ids":[…],"vectors":…,"payloads":[…]}}`.
enum QdrantPointsBody {
    /// How many points a request may have.
    static let countLimit = 100_000

    static func read(_ request: APIRequest) throws -> [PointInput] {
        try request.readJSON { try points(of: &$0) }
    }

    /// Reads `{"points":[{"id":…,"vector":…}]}`.
    static func readVectors(_ request: APIRequest) throws -> [PointInput] {
        try request.readJSON { try vectors(of: &$0) }
    }

    static func vectors(of reader: inout JSONReader) throws -> [PointInput] {
        var inputs: [PointInput] = []
        try reader.object { name, reader in
            switch name {
            case "points": inputs = try points(&reader)
            case "shard_key", "update_filter": try reader.expectNull()
            default: throw reader.failure("There is no member of this name here.")
            }
        }
        guard (1...countLimit).contains(inputs.count) else {
            throw reader.failure("1 to \(countLimit) points are expected.", member: "points")
        }
        return lastOfEach(inputs)
    }

    static func points(of reader: inout JSONReader) throws -> [PointInput] {
        var inputs: [PointInput]?
        try reader.object { name, reader in
            switch name {
            case "points": inputs = try points(&reader)
            case "batch": inputs = try batch(&reader)
            case "shard_key", "update_filter", "update_mode": try reader.expectNull()
            default: throw reader.failure("There is no member of this name here.")
            }
        }
        guard let inputs else {
            throw reader.failure("Points are expected: send points, or batch.", member: "points")
        }
        guard (1...countLimit).contains(inputs.count) else {
            throw reader.failure("1 to \(countLimit) points are expected, not \(inputs.count).", member: "points")
        }
        return lastOfEach(inputs)
    }

    private static func points(_ reader: inout JSONReader) throws -> [PointInput] {
        var inputs: [PointInput] = []
        try reader.array { reader in
            guard inputs.count < countLimit else { throw reader.failure("At most \(countLimit) points are expected.") }
            var key: PointKey?
            var input = PointInput(key: .number(0))
            var hasVector = false
            try reader.object { name, reader in
                switch name {
                case "id": key = try reader.pointKey()
                case "vector":
                    input.vectors = try reader.namedVectors()
                    hasVector = true
                case "payload": input.payload = try reader.payload()
                default: throw reader.failure("There is no member of this name here.")
                }
            }
            guard let key else { throw reader.failure("This member is required.", member: "id") }
            guard hasVector else { throw reader.failure("This member is required.", member: "vector") }
            input.key = key
            inputs.append(input)
        }
        return inputs
    }

    private static func batch(_ reader: inout JSONReader) throws -> [PointInput] {
        var keys: [PointKey]?
        var vectors: [[PointInput.Vector]]?
        var payloads: [[UInt8]]?
        try reader.object { name, reader in
            switch name {
            case "ids": keys = try reader.list(limit: countLimit) { try $0.pointKey() }
            case "vectors": vectors = try batchVectors(&reader)
            case "payloads":
                payloads =
                    try reader.kind() == .null ? reader.skip() : reader.list(limit: countLimit) { try $0.payload() }
            default: throw reader.failure("There is no member of this name here.")
            }
        }
        guard let keys else { throw reader.failure("This member is required.", member: "ids") }
        guard let vectors, vectors.count == keys.count else {
            throw reader.failure("As many vectors as ids are expected.", member: "vectors")
        }
        guard payloads.map({ $0.count == keys.count }) ?? true else {
            throw reader.failure("As many payloads as ids are expected.", member: "payloads")
        }
        return keys.indices.map { index in
            var input = PointInput(key: keys[index], vectors: vectors[index])
            if let payloads { input.payload = payloads[index] }
            return input
        }
    }

    /// One vector for each id, or for each name as many vectors as there are ids.
    private static func batchVectors(_ reader: inout JSONReader) throws -> [[PointInput.Vector]] {
        guard try reader.kind() == .object else { return try reader.list(limit: countLimit) { try $0.namedVectors() } }
        var points: [[PointInput.Vector]] = []
        try reader.object { name, reader in
            var index = 0
            try reader.array { reader in
                let pointer = reader.pointer
                guard index < countLimit else { throw reader.failure("At most \(countLimit) are expected.") }
                if index == points.count { points.append([]) }
                points[index].append(
                    PointInput.Vector(name: name, components: try reader.vector(), pointer: pointer))
                index += 1
            }
        }
        return points
    }

    /// Of several points of the same id the last, as Qdrant takes it.
    private static func lastOfEach(_ inputs: [PointInput]) -> [PointInput] {
        var places: [PointKey: Int] = [:]
        places.reserveCapacity(inputs.count)
        for (index, input) in inputs.enumerated() { places[input.key] = index }
        guard places.count < inputs.count else { return inputs }
        return inputs.enumerated().filter { places[$1.key] == $0 }.map(\.element)
    }
}
