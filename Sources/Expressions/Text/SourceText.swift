import Core

/// The text of a condition or template, for messages that point into it.
struct SourceText: Sendable {
    /// What the text is, for messages: "condition".
    let subject: String
    let text: String
    let bytes: [UInt8]

    /// How many characters of a line stand on either side of the place that an excerpt points at.
    private static let excerptReach = 50

    init(_ text: String, subject: String) {
        self.subject = subject
        self.text = text
        bytes = Array(text.utf8)
    }

    /// The part of the text at a range of bytes.
    subscript(range: Range<Int>) -> String {
        String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
    }

    /// The line and the column of a byte, both from 1; columns count characters.
    func place(of offset: Int) -> (line: Int, column: Int) {
        let before = bytes[..<min(offset, bytes.count)]
        let line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        return (line, self[start(of: offset)..<before.count].count + 1)
    }

    /// The failure that names a place, shows its line, and points at it by a caret.
    ///
    /// Its code is `invalid_condition` for a condition; `details` has the line and the column.
    func failure(at offset: Int, _ reason: String) -> Failure {
        let (line, column) = place(of: offset)
        return Failure(
            .invalid, code: "invalid_\(subject)",
            "The \(subject) cannot be read: line \(line), column \(column): \(reason).\n\(excerpt(at: offset))",
            details: [.init("line", .integer(line)), .init("column", .integer(column))])
    }

    /// The line of a byte, cut to a bearable length, and a caret below that byte.
    func excerpt(at offset: Int) -> String {
        let offset = min(offset, bytes.count)
        let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let before = self[start(of: offset)..<offset].suffix(Self.excerptReach)
        let after = self[offset..<end].prefix(Self.excerptReach)
        let line = (before + after).map { $0.isASCII && $0 < " " ? " " : $0 }
        return "  \(String(line))\n  \(String(repeating: " ", count: before.count))^"
    }

    /// Where the line of a byte begins.
    private func start(of offset: Int) -> Int {
        bytes[..<min(offset, bytes.count)].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }
}
