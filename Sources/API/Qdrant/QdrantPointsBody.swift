import Core
import Memories
import Search

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
