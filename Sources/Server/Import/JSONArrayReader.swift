import Core

/// The elements of a file that is one JSON array, one after the other.
struct JSONArrayReader {
    /// An element as it stands there.
    struct Element {
        /// The line that it begins on, from 1.
        let line: Int
        /// Its bytes; nil when it is too long.
        let bytes: [UInt8]?
    }

    private let input: ImportInput
    private var chunk: ArraySlice<UInt8> = []
    private var line = 1
    private var isBegun = false
    private var isEnded = false

    init(_ input: ImportInput) { self.input = input }

    /// The next element; nil at the end of the array.
    ///
    /// - throws: ``Failure`` `invalid_array` when the file is none, or ends before it does.
    mutating func next() throws -> Element? {
        guard !isEnded else { return nil }
        if !isBegun {
            try skipSpace()
            guard try take() == UInt8(ascii: "[") else { throw wrong("does not begin with one") }
            isBegun = true
            try skipSpace()
            if try peek() == UInt8(ascii: "]") {
                isEnded = true
                return nil
            }
        }
        try skipSpace()
        let start = line
        var scanner = Scanner()
        while true {
            guard let byte = try take() else { throw wrong("ends before it is closed") }
            switch scanner.take(byte) {
            case .more: continue
            case .end: isEnded = true
            case .next: break
            }
            return Element(line: start, bytes: scanner.isTooLong ? nil : scanner.bytes)
        }
    }

    /// Finds where an element ends.
    private struct Scanner {
        enum Step {
            case more, next, end
        }

        private(set) var bytes: [UInt8] = []
        private(set) var isTooLong = false
        private var depth = 0
        private var isInText = false
        private var isEscaped = false

        mutating func take(_ byte: UInt8) -> Step {
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInText = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: ",") where depth == 0: return .next
                case UInt8(ascii: "]") where depth == 0: return .end
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
            }
            if bytes.count >= LineReader.lengthLimit { isTooLong = true }
            if isTooLong { bytes = [] } else { bytes.append(byte) }
            return .more
        }
    }

    private mutating func peek() throws -> UInt8? {
        if chunk.isEmpty { chunk = try input.next()[...] }
        return chunk.first
    }

    private mutating func take() throws -> UInt8? {
        guard let byte = try peek() else { return nil }
        chunk = chunk.dropFirst()
        if byte == UInt8(ascii: "\n") { line += 1 }
        return byte
    }

    private mutating func skipSpace() throws {
        while let byte = try peek(), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { _ = try take() }
    }

    private func wrong(_ problem: String) -> Failure {
        Failure(
            .invalid, code: "invalid_array",
            "\(input.name) is to be a JSON array, and \(problem). Of a file with an object a line say --format ndjson.")
    }
}
