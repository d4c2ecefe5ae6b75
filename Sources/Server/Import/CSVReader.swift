/// Reads comma-separated values (RFC 4180) piece by piece, however long the text is.
///
/// It takes what is common beyond the standard: a byte order mark, line breaks of one byte, blank lines between
/// records, and a record without an end at the end. What is wrong with one record is told of that record; the next is
/// read all the same.
public struct CSVReader {
    /// One record, or what is wrong with it.
    public struct Record: Sendable, Equatable {
        /// The line that it begins on, from 1.
        public let line: Int
        /// Its fields.
        public internal(set) var fields: [String] = []
        /// Why its fields cannot be read, if so.
        public internal(set) var problem: String?
    }

    /// How large a record may be, in bytes.
    public static let recordLimit = 4 << 20
    /// How many fields a record may have.
    public static let fieldLimit = 1_000

    private enum State {
        case fieldStart, plain, quoted, afterQuote, skipping
    }

    private let separator: UInt8
    private let fieldLimit: Int
    private let hasQuotes: Bool
    private let nextChunk: () throws -> [UInt8]
    private var chunk: [UInt8] = []
    private var index = 0
    private var line = 1
    private var isAtEnd = false
    private var lastWasReturn = false
    private var state = State.fieldStart
    private var field: [UInt8] = []
    private var size = 0

    /// A reader of text that comes in chunks, the last of which is followed by an empty one.
    ///
    /// - parameters:
    ///   - quotes: whether a quote encloses a field; without, it is text like any other.
    ///   - fieldLimit: how many fields a record may have.
    public init(
        separator: Character = ",", quotes: Bool = true, fieldLimit: Int = CSVReader.fieldLimit,
        nextChunk: @escaping () throws -> [UInt8]
    ) {
        self.fieldLimit = fieldLimit
        self.separator = separator.asciiValue ?? UInt8(ascii: ",")
        hasQuotes = quotes
        self.nextChunk = nextChunk
    }

    /// The next record, or nil at the end.
    ///
    /// - throws: what the source of the chunks throws.
    public mutating func next() throws -> Record? {
        if line == 1, chunk.isEmpty, !isAtEnd { try skipByteOrderMark() }
        while true {
            var record = Record(line: line)
            state = .fieldStart
            size = 0
            let isComplete = try read(&record)
            let isBlank = record.fields == [""] && size == 0 && record.problem == nil
            if !isBlank, isComplete || size > 0 { return record }
            if !isComplete { return nil }
        }
    }

    /// Reads to the end of a record. Returns false when the text ended first.
    private mutating func read(_ record: inout Record) throws -> Bool {
        while let byte = try nextByte() {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r"), state != .quoted {
                finishField(&record)
                return true
            }
            take(byte, &record)
        }
        if state == .quoted { fail(&record, "a field in quotes that is never closed") }
        finishField(&record)
        return false
    }

    private mutating func take(_ byte: UInt8, _ record: inout Record) {
        size += 1
        if size > Self.recordLimit { fail(&record, "more than \(Self.recordLimit) bytes") }
        switch (state, byte) {
        case (.fieldStart, UInt8(ascii: "\"")) where hasQuotes: state = .quoted
        case (.quoted, UInt8(ascii: "\"")): state = .afterQuote
        case (.quoted, _): append(byte, record)
        case (.afterQuote, UInt8(ascii: "\"")):
            append(byte, record)
            state = .quoted
        case (.fieldStart, separator), (.plain, separator), (.afterQuote, separator):
            finishField(&record)
            state = .fieldStart
        case (.afterQuote, _):
            fail(&record, "more text after the closing quote of a field")
            state = .skipping
        case (.plain, UInt8(ascii: "\"")) where hasQuotes:
            fail(&record, "a quote inside of a field that does not begin with one")
            state = .skipping
        case (.fieldStart, _), (.plain, _):
            append(byte, record)
            state = .plain
        case (.skipping, _): break
        }
    }

    /// What belongs to a record that is refused is not kept, but read all the same to find where the record ends.
    private mutating func append(_ byte: UInt8, _ record: Record) {
        if record.problem == nil { field.append(byte) }
    }

    private mutating func finishField(_ record: inout Record) {
        defer { field.removeAll(keepingCapacity: true) }
        guard record.problem == nil else { return }
        guard record.fields.count < fieldLimit else {
            return fail(&record, "more than \(fieldLimit) fields")
        }
        guard let text = String(validating: field, as: UTF8.self) else {
            return fail(&record, "bytes that are not UTF-8")
        }
        record.fields.append(text)
    }

    private mutating func fail(_ record: inout Record, _ problem: String) {
        guard record.problem == nil else { return }
        record.problem = "the record has \(problem)"
        record.fields = []
        field.removeAll()
    }

    // MARK: Bytes

    private mutating func skipByteOrderMark() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        while chunk.count < mark.count, try refill() {}
        if chunk.starts(with: mark) { index = mark.count }
    }

    /// The next byte, with CR LF as one line break.
    private mutating func nextByte() throws -> UInt8? {
        while true {
            if index == chunk.count {
                chunk.removeAll(keepingCapacity: true)
                index = 0
                guard try refill() else { return nil }
            }
            let byte = chunk[index]
            index += 1
            let endsReturn = byte == UInt8(ascii: "\n") && lastWasReturn
            if !endsReturn, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { line += 1 }
            lastWasReturn = byte == UInt8(ascii: "\r")
            // Within quotes both bytes of a line break are text.
            if endsReturn, state != .quoted { continue }
            return byte
        }
    }

    private mutating func refill() throws -> Bool {
        guard !isAtEnd else { return false }
        let more = try nextChunk()
        isAtEnd = more.isEmpty
        chunk += more
        return !more.isEmpty
    }
}
