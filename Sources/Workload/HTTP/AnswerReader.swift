/// Reads the answers of one connection (RFC 9112), one request at a time. It keeps what is asked of it and counts the
/// rest: a load generator reads as many answers as it can, so nothing is put into dictionaries.
struct AnswerReader {
    /// What comes of bytes.
    enum Step: Equatable {
        /// More has to come.
        case readOn
        /// The answer is there, and so many bytes of what came belong to it.
        case done(status: Int, connectionStays: Bool)
        /// It is no answer of HTTP.
        case broken(String)
    }

    /// How much of a body is kept.
    static let bodyLimit = 4 << 20
    /// How long a head may be.
    static let headLimit = 64 << 10

    private enum State: Equatable {
        case head
        case body(remaining: Int)
        case untilClose
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailer
    }

    private var state = State.head
    /// What has come and is not read yet: a part of a head or of a chunk's line.
    private var rest: [UInt8] = []
    private var status = 0
    private var stays = true
    private var keepsBody = false
    private var isHead = false
    /// The body, as far as it is kept.
    private(set) var body: [UInt8] = []
    /// How many bytes came for the answer.
    private(set) var byteCount = 0

    /// Begins with the answer to the next request.
    mutating func begin(keepingBody: Bool, isHead: Bool) {
        state = .head
        status = 0
        stays = true
        keepsBody = keepingBody
        self.isHead = isHead
        rest.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: true)
        byteCount = 0
    }

    /// Takes bytes of the connection.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Step {
        byteCount += bytes.count
        guard !rest.isEmpty else { return read(bytes) }
        rest.append(contentsOf: bytes)
        let gathered = rest
        rest.removeAll(keepingCapacity: true)
        return gathered.withUnsafeBytes { read($0) }
    }

    /// What the end of the connection means for the answer.
    mutating func end() -> Step {
        state == .untilClose ? .done(status: status, connectionStays: false) : .broken("the connection was closed")
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer) -> Step {
        var position = 0
        while true {
            let left = UnsafeRawBufferPointer(rebasing: bytes[position...])
            switch state {
            case .head:
                guard let end = Self.endOfHead(left) else { return wait(for: left, limit: Self.headLimit) }
                if let reason = readHead(UnsafeRawBufferPointer(rebasing: left[..<end])) { return .broken(reason) }
                position += end
                if state == .body(remaining: 0) { return finish() }
            case .body(let remaining), .chunk(let remaining):
                let count = min(remaining, left.count)
                keep(left[..<count])
                position += count
                guard count == remaining else {
                    state = isChunked ? .chunk(remaining: remaining - count) : .body(remaining: remaining - count)
                    return .readOn
                }
                guard isChunked else { return finish() }
                state = .chunkEnd
            case .untilClose:
                keep(left[...])
                return .readOn
            case .chunkSize, .chunkEnd, .trailer:
                guard let end = left.firstIndex(of: UInt8(ascii: "\n")) else { return wait(for: left, limit: 8_192) }
                position += end + 1
                if let step = readLine(left[..<end]) { return step }
            }
        }
    }

    private var isChunked: Bool { if case .chunk = state { true } else { false } }

    private mutating func wait(for left: UnsafeRawBufferPointer, limit: Int) -> Step {
        guard left.count <= limit else { return .broken("a line or a head is longer than \(limit) bytes") }
        rest = Array(left)
        return .readOn
    }

    private mutating func finish() -> Step { .done(status: status, connectionStays: stays) }

    private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) {
        if keepsBody, body.count < Self.bodyLimit { body.append(contentsOf: bytes) }
    }

    /// A line of the chunked coding (RFC 9112, section 7.1).
    private mutating func readLine(_ line: Slice<UnsafeRawBufferPointer>) -> Step? {
        switch state {
        case .chunkEnd: state = .chunkSize
        case .trailer: if line.isEmpty || line.elementsEqual([UInt8(ascii: "\r")]) { return finish() }
        default:
            let digits = line.prefix { Self.hexadecimal($0) != nil }
            guard !digits.isEmpty, digits.count <= 8 else { return .broken("a chunk has no size") }
            let size = digits.reduce(0) { $0 << 4 | (Self.hexadecimal($1) ?? 0) }
            state = size == 0 ? .trailer : .chunk(remaining: size)
        }
        return nil
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    private static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var from = 0
        while let line = bytes[from...].firstIndex(of: UInt8(ascii: "\n")) {
            if line + 1 < bytes.count, bytes[line + 1] == UInt8(ascii: "\n") { return line + 2 }
            if line + 2 < bytes.count, bytes[line + 1] == UInt8(ascii: "\r"), bytes[line + 2] == UInt8(ascii: "\n") {
                return line + 3
            }
            from = line + 1
        }
        return nil
    }

    /// Reads a status line and what of the fields decides where the answer ends. Returns what is wrong with it.
    private mutating func readHead(_ head: UnsafeRawBufferPointer) -> String? {
        let start = "HTTP/1."
        guard head.count > 12, head[..<7].elementsEqual(start.utf8) else { return "it is no answer of HTTP/1" }
        let digits = head[9..<12].map { Int($0) - Int(UInt8(ascii: "0")) }
        guard digits.allSatisfy((0...9).contains) else { return "its status is no number" }
        status = digits.reduce(0) { $0 * 10 + $1 }
        stays = head[7] == UInt8(ascii: "1")
        // What comes before the answer itself says nothing that matters here (RFC 9110, section 15.2).
        guard status >= 200 else {
            state = .head
            return nil
        }
        var length: Int?
        var isChunked = false
        var begin = 0
        while let end = head[begin...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = head[begin..<end]
            begin = end + 1
            if let value = Self.value(of: "content-length", in: line) {
                guard let number = Self.number(value) else { return "its length is no number" }
                length = number
            } else if let value = Self.value(of: "transfer-encoding", in: line) {
                isChunked = Self.contains("chunked", value)
            } else if let value = Self.value(of: "connection", in: line) {
                if Self.contains("close", value) { stays = false }
                if Self.contains("keep-alive", value) { stays = true }
            }
        }
        if isHead || status == 204 || status == 304 {
            state = .body(remaining: 0)
        } else if isChunked {
            state = .chunkSize
        } else if let length {
            state = .body(remaining: length)
        } else {
            (state, stays) = (.untilClose, false)
        }
        return nil
    }

    /// The value of a field, if the line is that field.
    private static func value(
        of name: StaticString, in line: Slice<UnsafeRawBufferPointer>
    ) -> Slice<UnsafeRawBufferPointer>? {
        let count = name.utf8CodeUnitCount
        guard line.count > count, line[line.startIndex + count] == UInt8(ascii: ":") else { return nil }
        let wanted = UnsafeBufferPointer(start: name.utf8Start, count: count)
        for place in 0..<count where line[line.startIndex + place] | 0x20 != wanted[place] { return nil }
        return line[(line.startIndex + count + 1)...]
    }

    /// A whole number with spaces around it.
    private static func number(_ value: Slice<UnsafeRawBufferPointer>) -> Int? {
        var number: Int?
        for byte in value where byte > UInt8(ascii: " ") {
            let digit = Int(byte) - Int(UInt8(ascii: "0"))
            guard (0...9).contains(digit), number ?? 0 < 1 << 50 else { return nil }
            number = (number ?? 0) * 10 + digit
        }
        return number
    }

    /// Whether a word of small letters stands in a value, whatever its case there.
    private static func contains(_ word: StaticString, _ value: Slice<UnsafeRawBufferPointer>) -> Bool {
        let wanted = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard value.count >= wanted.count else { return false }
        return (value.startIndex...(value.endIndex - wanted.count)).contains { start in
            wanted.indices.allSatisfy { value[start + $0] | 0x20 == wanted[$0] }
        }
    }
}
