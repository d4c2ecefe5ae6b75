import Core
import Yams

/// Composes the nodes of a YAML document in bounded time and memory, whatever its aliases are: a text of 400 bytes may
/// stand for billions of nodes.
enum YAMLComposer {
    /// How many nodes all aliases of a document may stand for.
    static let aliasLimit = 100_000
    /// Stands for `*` where the structure of a document is looked at without its aliases.
    private static let standIn: Character = "\u{E000}"

    /// The root of a document; nil when it is empty.
    ///
    /// - throws: `YamlError`, and ``Failure`` `invalid_file` when its aliases stand for too much.
    static func compose(_ text: String) throws -> Node? {
        guard text.utf8.contains(UInt8(ascii: "*")) else { return try Yams.compose(yaml: text) }
        // Yams hashes each key with all that it holds, so what an alias stands for must not come to be a key.
        if let structure = try Yams.compose(yaml: text.replacing("*", with: String(standIn))) {
            try checkAliases(structure, isKey: false)
        }
        let parser = try Parser(yaml: text)
        guard let root = try parser.singleRoot() else { return nil }
        // Nodes know their anchors for as long as the parser is there.
        try withExtendedLifetime(parser) {
            var counter = AliasCounter()
            try counter.count(root, isCopy: false, depth: 0)
        }
        return root
    }

    private static func checkAliases(_ node: Node, isKey: Bool, depth: Int = 0) throws {
        try checkDepth(depth)
        switch node {
        case .sequence(let nodes):
            for child in nodes { try checkAliases(child, isKey: isKey, depth: depth + 1) }
        case .mapping(let mapping):
            for (key, value) in mapping {
                try checkAliases(key, isKey: true, depth: depth + 1)
                try checkAliases(value, isKey: isKey, depth: depth + 1)
            }
        case .scalar(let scalar):
            // What begins with the indicator and is not in quotes is an alias, or an error (YAML 1.2.2, section 7.1).
            guard scalar.style == .plain, scalar.string.first == standIn else { return }
            let isName = scalar.string.dropFirst().allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            guard isName, !isKey else {
                throw failure("An alias is a value of its own, and no key\(YAMLDocument.place(of: node)).")
            }
        case .alias: break
        }
    }

    fileprivate static func checkDepth(_ depth: Int) throws(Failure) {
        guard depth < YAMLDocument.depthLimit else {
            throw failure("The file is nested deeper than \(YAMLDocument.depthLimit) levels.")
        }
    }

    fileprivate static func failure(_ message: String) -> Failure {
        Failure(.invalid, code: "invalid_file", message)
    }
}

/// Counts what the aliases of a document stand for, and stops where it is too much.
private struct AliasCounter {
    private struct Place: Hashable {
        let line: Int
        let column: Int
    }

    private var anchored: Set<Place> = []
    private var copies = 0

    /// - parameter isCopy: whether the node stands where an alias is.
    mutating func count(_ node: Node, isCopy: Bool, depth: Int) throws {
        try YAMLComposer.checkDepth(depth)
        var isCopy = isCopy
        if !isCopy, node.anchor != nil, let mark = node.mark {
            isCopy = !anchored.insert(Place(line: mark.line, column: mark.column)).inserted
        }
        if isCopy { copies += 1 }
        guard copies <= YAMLComposer.aliasLimit else {
            throw YAMLComposer.failure(
                "The aliases of the file stand for more than \(YAMLComposer.aliasLimit) values. Write some of them out."
            )
        }
        switch node {
        case .sequence(let nodes):
            for child in nodes { try count(child, isCopy: isCopy, depth: depth + 1) }
        case .mapping(let mapping):
            for (key, value) in mapping {
                try count(key, isCopy: isCopy, depth: depth + 1)
                try count(value, isCopy: isCopy, depth: depth + 1)
            }
        case .scalar, .alias: break
        }
    }
}
