import Core
import NIOCore

/// What a mail server says: a number and some lines (RFC 5321, section 4.2).
struct SMTPReply: Equatable {
    let code: Int
    let lines: [String]

    /// It is done, or wants more.
    var isPositive: Bool { (200..<400).contains(code) }
    /// What it says, for people.
    var text: String { "\(code) " + lines.joined(separator: " ").prefix(500) }
}

/// Reads replies from bytes that arrive in pieces, of any size and cut anywhere.
struct SMTPReplyParser {
    /// How long a line may be, four times what the standard allows, and how many lines a reply has.
    static let lineLimit = 2_048
    static let countLimit = 128

    private var lines: [String] = []

    /// Takes the next whole reply out of a buffer. Returns nil when more has to arrive first.
    ///
    /// - throws: ``Failure`` `smtp_protocol_error`.
    mutating func next(_ buffer: inout ByteBuffer) throws(Failure) -> SMTPReply? {
        while let line = try readLine(&buffer) {
            guard line.count >= 3, let code = Int(line.prefix(3)), (200..<600).contains(code),
                line.count == 3 || line.dropFirst(3).first == " " || line.dropFirst(3).first == "-"
            else { throw .smtpProtocol("a line does not begin with a number of three digits") }
            lines.append(String(line.dropFirst(4)))
            guard lines.count <= Self.countLimit else { throw .smtpProtocol("a reply has too many lines") }
            guard line.dropFirst(3).first == "-" else {
                defer { lines = [] }
                return SMTPReply(code: code, lines: lines)
            }
        }
        return nil
    }

    private func readLine(_ buffer: inout ByteBuffer) throws(Failure) -> String? {
        guard let end = buffer.readableBytesView.prefix(Self.lineLimit).firstIndex(of: UInt8(ascii: "\n")) else {
            guard buffer.readableBytes < Self.lineLimit else { throw .smtpProtocol("a line is too long") }
            return nil
        }
        var line = buffer.readSlice(length: end - buffer.readerIndex + 1)?.readableBytesView.dropLast() ?? []
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        return String(decoding: line, as: UTF8.self)
    }
}
