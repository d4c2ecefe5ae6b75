/// A Swift file, with its comments and texts told apart from its code.
struct SwiftSource {
    /// The path from the root of the repository.
    let path: String
    /// The lines as they are.
    let lines: [String]
    /// The same lines with blanks in place of comments and of the characters of string literals.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var scanner = SwiftScanner(text)
        code = scanner.code().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The file's name without its ending.
    var name: String { String(path.split(separator: "/").last?.dropLast(".swift".count) ?? "") }

    /// The room or test target that the file belongs to: the second part of its path.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// The place of a line as compilers write it.
    func place(_ index: Int) -> String { "\(path):\(index + 1)" }

    /// The places of the lines whose code matches.
    func places(where matches: (String) -> Bool) -> [String] {
        code.indices.filter { matches(code[$0]) }.map { "\(place($0)): \(lines[$0])" }
    }

    /// What the file imports, each with its line.
    var imports: [(module: String, line: Int)] {
        code.indices.compactMap { index in
            guard
                let match = code[index].firstMatch(of: /^\s*(?:@\w+\s+)*(?:public |internal |package )?import\s+(\w+)/)
            else { return nil }
            return (String(match.1), index)
        }
    }
}

/// Goes through Swift code and blanks comments and string literals, so that rules look at code alone.
struct SwiftScanner {
    private let bytes: [UInt8]
    private var position = 0
    private var result: [UInt8] = []

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func code() -> String {
        scanCode(isInterpolation: false)
        return String(decoding: result, as: UTF8.self)
    }

    /// Copies code, up to the parenthesis that closes an interpolation or to the end.
    private mutating func scanCode(isInterpolation: Bool) {
        var depth = 0
        while let byte = peek() {
            if starts(with: "//") {
                while let next = peek(), next != UInt8(ascii: "\n") { blank() }
            } else if starts(with: "/*") {
                blankComment()
            } else if let hashes = literalStart() {
                blankLiteral(hashes: hashes)
            } else {
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") {
                    if depth == 0, isInterpolation { return }
                    depth -= 1
                }
                copy()
            }
        }
    }

    /// The number of hash signs before a quote, or nil when no literal begins here.
    private func literalStart() -> Int? {
        var ahead = position
        while ahead < bytes.count, bytes[ahead] == UInt8(ascii: "#") { ahead += 1 }
        return ahead < bytes.count && bytes[ahead] == UInt8(ascii: "\"") ? ahead - position : nil
    }

    private mutating func blankComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blank()
            } else if starts(with: "*/") {
                depth -= 1
                blank()
            }
            blank()
        } while depth > 0 && peek() != nil
    }

    private mutating func blankLiteral(hashes: Int) {
        let pounds = String(repeating: "#", count: hashes)
        for _ in 0..<hashes { copy() }
        let quotes = starts(with: "\"\"\"") ? "\"\"\"" : "\""
        for _ in quotes { copy() }
        while let byte = peek() {
            if starts(with: quotes + pounds) {
                for _ in 0..<(quotes + pounds).count { copy() }
                return
            }
            if starts(with: "\\" + pounds + "(") {
                for _ in 0..<(hashes + 2) { blank() }
                scanCode(isInterpolation: true)
                blank()
            } else if starts(with: "\\" + pounds) {
                for _ in 0..<(hashes + 2) { blank() }
            } else if byte == UInt8(ascii: "\n"), quotes.count == 1 {
                return
            } else {
                blank()
            }
        }
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private func starts(with text: String) -> Bool {
        bytes[position...].starts(with: text.utf8)
    }

    private mutating func copy() {
        guard let byte = peek() else { return }
        result.append(byte)
        position += 1
    }

    /// Puts a blank in place of a byte; lines stay as they are.
    private mutating func blank() {
        guard let byte = peek() else { return }
        result.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
        position += 1
    }
}
