import Core

/// A document in the DOT language, read strictly by the part of its grammar that has names in quotes, plain words and
/// lists of attributes. In quotes only `\"` means something else than itself; Graphviz reads more in labels.
struct DOTTree {
    struct Edge {
        let source: String
        let target: String
        let attributes: [String: String]
    }

    private(set) var graph: [String: String] = [:]
    private(set) var nodes: [(id: String, attributes: [String: String])] = []
    private(set) var edges: [Edge] = []

    private enum Token: Equatable {
        case word(String)
        case quoted(String)
        case sign(String)

        var id: String? {
            switch self {
            case .word(let text), .quoted(let text): text
            case .sign: nil
            }
        }
    }

    private var tokens: [Token] = []
    private var place = 0

    init(_ bytes: [UInt8]) throws {
        tokens = try Self.tokens(Array(String(decoding: bytes, as: UTF8.self).unicodeScalars))
        try expect(.word("digraph"))
        try expect(.sign("{"))
        while peek != .sign("}") { try readStatement() }
        try expect(.sign("}"))
        guard place == tokens.count else { throw Failure.internal("something follows the graph") }
    }

    private var peek: Token? { place < tokens.count ? tokens[place] : nil }

    private mutating func expect(_ token: Token) throws {
        guard peek == token else { throw Failure.internal("\(token) is expected, not \(String(describing: peek))") }
        place += 1
    }

    private mutating func readID() throws -> String {
        guard let id = peek?.id else { throw Failure.internal("a name is expected, not \(String(describing: peek))") }
        place += 1
        return id
    }

    private mutating func readStatement() throws {
        let isGraph = peek == .word("graph")
        let first = try readID()
        if isGraph {
            graph = try readAttributes()
        } else if peek == .sign("->") {
            place += 1
            edges.append(Edge(source: first, target: try readID(), attributes: try readAttributes()))
        } else {
            nodes.append((first, try readAttributes()))
        }
        try expect(.sign(";"))
    }

    private mutating func readAttributes() throws -> [String: String] {
        try expect(.sign("["))
        var attributes: [String: String] = [:]
        while peek != .sign("]") {
            let name = try readID()
            try expect(.sign("="))
            attributes[name] = try readID()
            if peek == .sign(",") { place += 1 }
        }
        try expect(.sign("]"))
        return attributes
    }

    private static func tokens(_ text: [Unicode.Scalar]) throws -> [Token] {
        var tokens: [Token] = []
        var rest = text[...]
        while let scalar = rest.first {
            if scalar == "\0" { throw Failure.internal("the text ends here for a program in C") }
            if " \n".unicodeScalars.contains(scalar) {
                rest.removeFirst()
            } else if scalar == "\"" {
                tokens.append(.quoted(try quoted(&rest)))
            } else if rest.starts(with: "->".unicodeScalars) {
                tokens.append(.sign("->"))
                rest.removeFirst(2)
            } else if "{}[];,=".unicodeScalars.contains(scalar) {
                tokens.append(.sign(String(scalar)))
                rest.removeFirst()
            } else {
                let word = rest.prefix { $0.properties.isAlphabetic || $0 == "_" }
                guard !word.isEmpty else { throw Failure.internal("\(scalar) is no sign of the language") }
                var letters = String.UnicodeScalarView()
                letters.append(contentsOf: word)
                tokens.append(.word(String(letters)))
                rest.removeFirst(word.count)
            }
        }
        return tokens
    }

    private static func quoted(_ rest: inout ArraySlice<Unicode.Scalar>) throws -> String {
        var text = String.UnicodeScalarView()
        rest.removeFirst()
        while let scalar = rest.popFirst() {
            if scalar == "\0" { break }
            if scalar == "\"" { return String(text) }
            guard scalar == "\\", let next = rest.popFirst() else {
                text.append(scalar)
                continue
            }
            if next != "\"", next != "\n" { text.append(scalar) }
            if next != "\n" { text.append(next) }
        }
        throw Failure.internal("a quote is never closed")
    }

    /// What Graphviz shows of a label.
    static func shown(_ label: String) throws -> String {
        var text = String.UnicodeScalarView()
        var rest = Array(label.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\\":
                switch rest.popFirst() {
                case "\\": text.append("\\")
                case "n": text.append("\n")
                case let other: throw Failure.internal("\\\(other.map(String.init) ?? "") stands for something else")
                }
            case "&":
                guard rest.starts(with: "amp;".unicodeScalars) else { throw Failure.internal("an entity") }
                rest.removeFirst(4)
                text.append("&")
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}
