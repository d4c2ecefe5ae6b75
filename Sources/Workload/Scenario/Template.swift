import Core
import Expressions

/// A text with places that are filled in anew for every request: `{{products.sku}}` is a column of the row that the
/// iteration has, `{{counter}}` a number that no other iteration has, `{{uuid}}` a random UUID, `{{random 1 100}}` a
/// whole number, `{{vector 1024}}` so many numbers from -1 to 1 as JSON has them, `{{now}}` the time in milliseconds
/// since 1970, and `{{saved.order}}` what a step before has saved.
struct Template: Sendable, Equatable {
    enum Piece: Sendable, Equatable {
        case literal([UInt8])
        case column(set: Int, column: Int)
        case counter, uuid, now
        case random(ClosedRange<Int>)
        case vector(Int)
        case saved(Int)
    }

    let pieces: [Piece]
    /// How values are written, so that they stay one value where they stand.
    let escaping: TemplateEscaping

    /// Whether it is the same text every time.
    var isConstant: Bool { pieces.allSatisfy { if case .literal = $0 { true } else { false } } }

    /// Reads a text.
    ///
    /// - parameter names: the data sets, and the names that steps before this one save values under.
    /// - throws: ``Failure`` `invalid_scenario` for a place that means nothing.
    init(_ text: String, _ escaping: TemplateEscaping, names: TemplateNames) throws(Failure) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let begin = rest.firstRange(of: "{{") {
            guard let end = rest[begin.upperBound...].firstRange(of: "}}") else {
                throw .invalidScenario("\"\(text.prefix(100))\" has {{ without }}.")
            }
            if begin.lowerBound > rest.startIndex { pieces.append(.literal(Array(rest[..<begin.lowerBound].utf8))) }
            pieces.append(try names.piece(String(rest[begin.upperBound..<end.lowerBound])))
            rest = rest[end.upperBound...]
        }
        if !rest.isEmpty { pieces.append(.literal(Array(rest.utf8))) }
        self.pieces = pieces
        self.escaping = escaping
    }

    /// Appends the text with the values of an iteration.
    func render(_ iteration: inout Iteration, _ data: [DataSet], into bytes: inout [UInt8]) {
        for piece in pieces {
            switch piece {
            case .literal(let literal): bytes += literal
            case .column(let set, let column):
                bytes += escaping.escape(data[set].rows[iteration.rows[set]][column]).utf8
            case .saved(let index): bytes += escaping.escape(iteration.saved[index]).utf8
            case .counter: bytes += "\(iteration.number)".utf8
            case .uuid: bytes += iteration.uuid().utf8
            case .now: bytes += "\(iteration.startedAt.microseconds / 1_000)".utf8
            case .random(let range): bytes += "\(Int.random(in: range, using: &iteration.random))".utf8
            case .vector(let count): Self.appendVector(of: count, &iteration.random, to: &bytes)
            }
        }
    }

    /// Numbers with four digits behind the point.
    private static func appendVector(of count: Int, _ random: inout SplitMix64, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for index in 0..<count {
            let number = Int.random(in: -9_999...9_999, using: &random)
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if number < 0 { bytes.append(UInt8(ascii: "-")) }
            bytes += "0.\(String(10_000 + abs(number)).dropFirst())".utf8
        }
        bytes.append(UInt8(ascii: "]"))
    }
}

/// What places of templates may name.
struct TemplateNames {
    let data: [DataSet]
    /// The names of what steps save, each at its index.
    private(set) var saved: [String] = []

    init(data: [DataSet]) { self.data = data }

    /// The index of a name that a step saves something under.
    mutating func save(_ name: String) -> Int {
        if let index = saved.firstIndex(of: name) { return index }
        saved.append(name)
        return saved.count - 1
    }

    /// What a place stands for.
    func piece(_ place: String) throws(Failure) -> Template.Piece {
        let words = place.split(separator: " ")
        switch (words.first, words.count) {
        case ("counter", 1): return .counter
        case ("uuid", 1): return .uuid
        case ("now", 1): return .now
        case ("random", 3):
            guard let low = Int(words[1]), let high = Int(words[2]), low <= high else { break }
            return .random(low...high)
        case ("vector", 2):
            guard let count = Int(words[1]), (1...65_536).contains(count) else { break }
            return .vector(count)
        case (let word?, 1):
            let parts = word.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { break }
            if parts[0] == "saved", let index = saved.firstIndex(of: parts[1]) { return .saved(index) }
            if let set = data.firstIndex(where: { $0.name == parts[0] }),
                let column = data[set].columns.firstIndex(of: parts[1])
            {
                return .column(set: set, column: column)
            }
        default: break
        }
        let columns = data.flatMap { set in set.columns.map { "\(set.name).\($0)" } }
        let known =
            ["counter", "uuid", "now", "random LOW HIGH", "vector COUNT"] + columns + saved.map { "saved.\($0)" }
        throw .invalidScenario("{{\(place)}} means nothing. There is \(known.joined(separator: ", ")).")
    }
}
