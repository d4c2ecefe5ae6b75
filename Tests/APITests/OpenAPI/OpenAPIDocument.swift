import Core
import Foundation
import TestKit
import Yams

/// `openapi.yaml` as a tree, and the operations in it.
struct OpenAPIDocument {
    /// A method at a path, and what the document says of it.
    struct Operation {
        let method: String
        let path: String
        let content: JSONValue

        /// As people write it: `GET /api/v1/orders/{id}`.
        var name: String { "\(method) \(path)" }
        /// The responses by their status, or `default`.
        var responses: [JSONObject.Member] { content["responses"]?.members ?? [] }
        /// Whether it is one of Qdrant's, which tells failures in a form of its own.
        var isQdrants: Bool { content["tags"]?.elements == [.string("qdrant")] }
        /// The media type and the schema of its failures.
        var failureForm: (type: String, schema: String) {
            isQdrants
                ? ("application/json", "#/components/schemas/QdrantFailure")
                : ("application/problem+json", "#/components/schemas/Problem")
        }
    }

    let root: JSONValue
    let operations: [Operation]
    let schema: JSONSchema

    private static let methods: Set = ["get", "put", "post", "delete", "patch"]

    /// Reads the document at the root of the repository.
    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../openapi.yaml")
        guard let node = try Yams.compose(yaml: String(contentsOf: file, encoding: .utf8)) else {
            throw Failure.internal("openapi.yaml is empty.")
        }
        root = try Self.json(node)
        schema = JSONSchema(in: root)
        operations = (root["paths"] ?? .null).members.flatMap { path in
            path.value.members.filter { Self.methods.contains($0.name) }.map {
                Operation(method: $0.name.uppercased(), path: path.name, content: $0.value)
            }
        }
    }

    /// A value of the document, or what it refers to.
    func resolved(_ value: JSONValue) throws -> JSONValue {
        guard let reference = value["$ref"]?.string else { return value }
        guard let target = schema.target(of: reference) else {
            throw Failure.internal("\(reference) leads nowhere.")
        }
        return target
    }

    /// The parameters of an operation.
    func parameters(of operation: Operation) throws -> [JSONValue] {
        try (operation.content["parameters"] ?? .null).elements.map(resolved)
    }

    /// What is said of an answer of a status.
    func response(of operation: Operation, status: Int) throws -> JSONValue? {
        let responses = operation.content["responses"]
        return try (responses?[String(status)] ?? responses?["default"]).map(resolved)
    }

    /// What the failures of an operation look like.
    func failureSchema(of operation: Operation) -> JSONValue? { schema.target(of: operation.failureForm.schema) }

    /// Whatever in the document has a `$ref`.
    var references: [String] {
        func collect(_ value: JSONValue) -> [String] {
            value.members.flatMap { member in
                member.name == "$ref" ? [member.value.string ?? "no text"] : collect(member.value)
            } + value.elements.flatMap(collect)
        }
        return collect(root)
    }

    private static func json(_ node: Node) throws -> JSONValue {
        switch node {
        case .mapping(let mapping):
            .object(
                JSONObject(
                    try mapping.map { entry in
                        guard let name = entry.key.string else { throw Failure.internal("A key is no text.") }
                        return .init(name, try json(entry.value))
                    }))
        case .sequence(let sequence): .array(try sequence.map(json))
        case .scalar(let scalar): json(scalar, node)
        case .alias: throw Failure.internal("The document has an alias.")
        }
    }

    /// Only plain text can be anything other than a string (YAML 1.2, section 10.3.2).
    private static func json(_ scalar: Node.Scalar, _ node: Node) -> JSONValue {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        if node.null != nil { return .null }
        if let flag = node.bool { return .bool(flag) }
        return node.int != nil || node.float != nil ? .number(scalar.string) : .string(scalar.string)
    }
}
