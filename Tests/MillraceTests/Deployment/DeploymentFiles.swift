import Core
import Foundation
import Yams

/// The files of `deploy`.
enum DeploymentFiles {
    static let compose = "compose.yaml"
    static let deployment = "kubernetes/deployment.yaml"
    static let configMap = "kubernetes/configmap.yaml"
    static let secret = "kubernetes/secret.example.yaml"

    /// Where a file of the directory is.
    static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../deploy/\(name)")
            .standardized.path
    }

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// A file as a tree.
    static func yaml(_ name: String) throws -> Node {
        guard let node = try Yams.compose(yaml: text(name)) else {
            throw Failure.internal("deploy/\(name) says nothing.")
        }
        return node
    }

    /// The names of the files with an ending.
    static func names(_ ending: String) throws -> [String] {
        guard let all = FileManager.default.enumerator(atPath: path("")) else {
            throw Failure.internal("There is no directory deploy.")
        }
        return all.compactMap { $0 as? String }.filter { $0.hasSuffix(ending) }.sorted()
    }

    /// The container of the Deployment.
    static func container() throws -> Node {
        try yaml(deployment).at("spec", "template", "spec", "containers").elements.first ?? .mapping([:])
    }

    /// The variables of the container, those of its secret among them.
    static func variables() throws -> [String: String] {
        var variables = try yaml(secret).at("stringData").texts
        for variable in try container().at("env").elements {
            variables[variable.at("name").text] = variable.at("value").text
        }
        return variables
    }

    /// The services of the composition by name.
    static func services() throws -> [String: Node] { try yaml(compose).at("services").members }

    /// The images that are built from here, and those that are fetched.
    static func images() throws -> [String] {
        let built = try text("Dockerfile").split(separator: "\n").filter { $0.hasPrefix("FROM ") }
            .map { String($0.split(separator: " ")[1]) }
        return try built + services().values.map { $0.at("image").text } + [container().at("image").text]
    }
}

extension Node {
    /// The members of a mapping by name. Those of `<<` stand behind its own (YAML merge keys).
    var members: [String: Node] {
        guard case .mapping(let mapping) = self else { return [:] }
        var own: [String: Node] = [:]
        var merged: [String: Node] = [:]
        for entry in mapping {
            if entry.key.text == "<<" { merged = entry.value.members } else { own[entry.key.text] = entry.value }
        }
        return merged.merging(own) { $1 }
    }

    /// The elements of a sequence; none of anything else.
    var elements: [Node] {
        if case .sequence(let sequence) = self { Array(sequence) } else { [] }
    }

    /// The text of a scalar; empty of anything else.
    var text: String { scalar?.string ?? "" }

    /// The texts of the members of a mapping.
    var texts: [String: String] { members.mapValues(\.text) }

    /// What stands at a path of names; an empty mapping where nothing does.
    func at(_ path: String...) -> Node {
        path.reduce(self) { $0.members[$1] ?? .mapping([:]) }
    }
}
