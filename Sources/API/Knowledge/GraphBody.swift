import Core
import Knowledge

/// An element of a graph as a client sends it: its members, and its vector apart, since a tree of so many numbers costs
/// more than everything that is done with them.
struct GraphBody {
    /// Under which names the vector of an element is taken.
    static let embeddingNames: Set<String> = ["embedding", "name_embedding", "fact_embedding", "content_embedding"]

    let object: JSONObject
    var embedding: [Float]?
    /// Where the vector stands.
    var embeddingPointer = ""
    /// Where all of it stands in the request.
    let pointer: String

    /// Reads one.
    ///
    /// - parameter embeddingNames: under which names a vector is taken.
    init(_ reader: inout JSONReader, embeddingNames: Set<String> = Self.embeddingNames) throws {
        pointer = reader.pointer
        var members: [JSONObject.Member] = []
        var found: (vector: [Float], pointer: String)?
        try reader.object { name, reader in
            guard embeddingNames.contains(name) else {
                members.append(.init(name, try reader.value()))
                return
            }
            guard try reader.kind() != .null else { return try reader.expectNull() }
            guard found == nil else { throw reader.failure("An element has one vector.") }
            found = (try reader.vector(), reader.pointer)
        }
        object = JSONObject(members)
        embedding = found?.vector
        embeddingPointer = found?.pointer ?? ""
    }

    /// Reads the members.
    ///
    /// - throws: ``Failure`` `invalid_request` with each wrong or unknown member.
    func read<T>(_ body: (inout JSONFields) throws -> T) throws -> T {
        try JSONFields.read(.object(object), at: pointer, body)
    }
}

extension JSONFields {
    private static let nameLength = 1...255
    private static let textLength = 0...10_000
    private static let contentLength = 0...1_000_000
    private static let idLength = ElementHeader.idLength

    /// What every element has.
    ///
    /// - parameter id: the one in the path; without it the body may name it, else it is empty.
    mutating func graphHeader(_ id: String?, at now: Timestamp) -> ElementHeader {
        let named = optionalGraphName("uuid", length: Self.idLength)
        if let id, let named, named != id { reject("uuid", "The path names another one.") }
        let group = optionalString("group_id", length: 0...100) ?? ""
        if !group.utf8.allSatisfy(Self.isOfGroup) {
            reject("group_id", "Letters, digits, points, - and _ are expected.")
        }
        let createdAt = optionalTimestamp("created_at") ?? now
        if createdAt > now { reject("created_at", "A moment that has passed is expected.") }
        return ElementHeader(id: id ?? named ?? "", group: group, createdAt: createdAt)
    }

    private static func isOfGroup(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// A node.
    mutating func graphNode(_ header: ElementHeader) -> GraphNode {
        GraphNode(
            header, name: string("name", length: Self.nameLength),
            labels: optionalGraphNames("labels", count: 0...20, length: 1...100) ?? [],
            summary: optionalString("summary", length: Self.textLength) ?? "", attributes: graphAttributes())
    }

    /// An edge.
    ///
    /// - parameter ends: the nodes that it relates, where the edge itself does not say that.
    mutating func graphEdge(_ header: ElementHeader, between ends: (source: String, target: String)?) -> GraphEdge {
        let edge = GraphEdge(
            header, from: ends?.source ?? graphName("source_node_uuid", length: Self.idLength),
            to: ends?.target ?? graphName("target_node_uuid", length: Self.idLength),
            name: graphName("name", length: Self.nameLength),
            fact: optionalString("fact", length: Self.textLength) ?? "",
            episodes: optionalGraphNames("episodes", count: 0...1_000, length: Self.idLength) ?? [],
            weight: graphWeight(), validAt: optionalTimestamp("valid_at"), invalidAt: optionalTimestamp("invalid_at"),
            expiredAt: optionalTimestamp("expired_at"), attributes: graphAttributes())
        if let from = edge.validAt, let to = edge.invalidAt, to < from {
            reject("invalid_at", "A moment that is not before valid_at is expected.")
        }
        return edge
    }

    /// An episode.
    mutating func graphEpisode(_ header: ElementHeader) -> GraphEpisode {
        GraphEpisode(
            header, name: optionalString("name", length: Self.nameLength) ?? "",
            content: string("content", length: Self.contentLength),
            source: optionalString("source", length: 1...100) ?? "message",
            sourceDescription: optionalString("source_description", length: Self.textLength) ?? "",
            validAt: optionalTimestamp("valid_at") ?? header.createdAt,
            mentions: optionalGraphNames("mentions", count: 0...1_000, length: Self.idLength) ?? [],
            attributes: graphAttributes())
    }

    private mutating func graphWeight() -> Double {
        guard let value = value("weight"), value != .null else { return 1 }
        guard case .number(let text) = value, let weight = Double(text), weight.isFinite, weight >= 0 else {
            reject("weight", "A number that is not below zero is expected.")
            return 1
        }
        return weight
    }

    private mutating func graphAttributes() -> JSONObject {
        let attributes = optionalTree("attributes") ?? JSONObject()
        let size = JSONWriter.bytes(of: attributes).count
        do {
            try StoredObject.check(attributes, size: size, limit: Self.attributesLimit, at: "/attributes")
        } catch {
            reject(
                "attributes",
                "An object of up to \(Self.attributesLimit) bytes that is not nested too deeply is expected.")
        }
        return attributes
    }

    /// How many bytes the attributes of an element have at most.
    private static let attributesLimit = 65_536
}
