import Core

/// The lines of a file, one after the other, without their ends.
struct LineReader {
    /// How long a line may be, in bytes: as long as the server takes it by default.
    static let lengthLimit = 16 << 20

    /// A line that is read.
    struct Line {
        /// Its number, from 1.
        let number: Int
        /// Its bytes; nil when it is too long.
        let bytes: [UInt8]?
    }

    private let input: ImportInput
    private var chunk: ArraySlice<UInt8> = []
    private var number = 0

    init(_ input: ImportInput) { self.input = input }

    /// The next line that is not empty; nil at the end.
    mutating func next() throws -> Line? {
        while let line = try nextOfAny() {
            let isBlank = line.bytes?.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } ?? false
            if !isBlank { return line }
        }
        return nil
    }

    private mutating func nextOfAny() throws -> Line? {
        var bytes: [UInt8] = []
        var (isTooLong, isBegun) = (false, false)
        while true {
            if chunk.isEmpty { chunk = try input.next()[...] }
            guard !chunk.isEmpty else { break }
            isBegun = true
            let end = chunk.firstIndex(of: UInt8(ascii: "\n"))
            let part = chunk[..<(end ?? chunk.endIndex)]
            chunk = chunk[(end.map { $0 + 1 } ?? chunk.endIndex)...]
            if bytes.count + part.count > Self.lengthLimit { isTooLong = true }
            if isTooLong { bytes = [] } else { bytes += part }
            if end != nil { break }
        }
        guard isBegun else { return nil }
        number += 1
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return Line(number: number, bytes: isTooLong ? nil : bytes)
    }
}
