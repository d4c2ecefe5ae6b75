import Core

/// How large a template may be.
enum TemplateLimits {
    /// How many bytes its text may have.
    static let bytes = 65_536
    /// How many placeholders it may have.
    static let placeholders = 256
    /// How many filters a placeholder may have.
    static let filters = 16
    /// How many bytes a rendered text may have.
    static let renderedBytes = 1_048_576
}

/// A part of a template: a text, or a placeholder.
enum TemplatePart: Sendable {
    /// Text that stands as it is, by its place in the template.
    case text(Range<Int>)
    case placeholder(Placeholder)

    struct Placeholder: Sendable {
        /// Where it stands in the template, braces included.
        let place: Range<Int>
        let content: Content
        let filters: [TemplateFilter]
    }

    enum Content: Sendable {
        case field(FieldPath)
        case text(String)
    }
}

/// Cuts the text of a template into its parts.
struct TemplateParser {
    private let source: SourceText
    private var parts: [TemplatePart] = []
    private var position = 0

    /// The parts of a template.
    ///
    /// - throws: ``Core/Failure`` of code `invalid_template`.
    static func parse(_ source: SourceText) throws(Failure) -> [TemplatePart] {
        guard source.bytes.count <= TemplateLimits.bytes else {
            throw source.failure(at: TemplateLimits.bytes, "a template has at most \(TemplateLimits.bytes) bytes")
        }
        var parser = TemplateParser(source: source)
        try parser.parse()
        return parser.parts
    }

    private init(source: SourceText) {
        self.source = source
    }

    private mutating func parse() throws(Failure) {
        var placeholders = 0
        while let start = nextPlaceholder() {
            if start > position { parts.append(.text(position..<start)) }
            placeholders += 1
            guard placeholders <= TemplateLimits.placeholders else {
                throw source.failure(at: start, "a template has at most \(TemplateLimits.placeholders) placeholders")
            }
            parts.append(.placeholder(try placeholder(at: start)))
        }
        if position < source.bytes.count { parts.append(.text(position..<source.bytes.count)) }
    }

    /// Where the next two opening braces stand.
    private func nextPlaceholder() -> Int? {
        var index = position
        while index + 1 < source.bytes.count {
            if source.bytes[index] == UInt8(ascii: "{"), source.bytes[index + 1] == UInt8(ascii: "{") { return index }
            index += 1
        }
        return nil
    }

    private mutating func placeholder(at start: Int) throws(Failure) -> TemplatePart.Placeholder {
        var reader = try TokenReader(source, from: start + 2)
        let content = try content(&reader)
        var filters: [TemplateFilter] = []
        while try reader.take(.pipe) {
            guard filters.count < TemplateLimits.filters else {
                throw reader.unexpected("a placeholder has at most \(TemplateLimits.filters) filters")
            }
            filters.append(try filter(&reader))
        }
        guard reader.next.kind == .symbol(.closeBraces) else {
            throw reader.unexpected("`|` and a filter, or `}}` is expected")
        }
        // The closing braces are not taken: what follows them is text and has no tokens.
        position = reader.next.place.upperBound
        return TemplatePart.Placeholder(place: start..<position, content: content, filters: filters)
    }

    private func content(_ reader: inout TokenReader) throws(Failure) -> TemplatePart.Content {
        switch reader.next.kind {
        case .text(let text):
            try reader.take()
            return .text(text)
        case .word:
            let first = try reader.take()
            return .field(try reader.path(from: first, isInElement: false))
        default:
            throw reader.unexpected("the path of a field, or a text in quotes, is expected after `{{`")
        }
    }

    private func filter(_ reader: inout TokenReader) throws(Failure) -> TemplateFilter {
        let token = reader.next
        guard case .word(let name) = token.kind else { throw reader.unexpected("the name of a filter is expected") }
        try reader.take()
        let arguments = try reader.take(.open) ? try arguments(&reader) : .none
        do {
            return try TemplateFilter(name, arguments)
        } catch {
            throw source.failure(at: token.place.lowerBound, error.reason)
        }
    }

    /// Reads arguments and the closing parenthesis: texts in quotes, or a number.
    private func arguments(_ reader: inout TokenReader) throws(Failure) -> TemplateFilter.Arguments {
        var texts: [String] = []
        var numbers: [Int] = []
        repeat {
            switch reader.next.kind {
            case .text(let text): texts.append(text)
            case .number(let text):
                guard let value = Int(text), value <= TemplateLimits.renderedBytes else {
                    throw reader.unexpected("a whole number up to \(TemplateLimits.renderedBytes) is expected")
                }
                numbers.append(value)
            default: throw reader.unexpected("a text in quotes or a whole number is expected")
            }
            try reader.take()
        } while try reader.take(.comma)
        try reader.expect(.close, "after the last argument")
        switch (texts.count, numbers.count) {
        case (1, 0): return .text(texts[0])
        case (2, 0): return .texts(texts[0], texts[1])
        case (0, 1): return .number(numbers[0])
        default: return .others
        }
    }
}
