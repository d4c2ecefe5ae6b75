import Core
import NIOCore

/// What a NATS server says (docs.nats.io, "NATS protocol").
enum NATSOperation: Equatable {
    /// About itself, as JSON.
    case info([UInt8])
    case ok
    case error(String)
    case ping
    case pong
    /// A message of a subscription, with its header lines if it has any.
    case message(subject: String, header: String, payload: [UInt8])
}

/// Reads operations from bytes that arrive in pieces, of any size and cut anywhere.
struct NATSParser {
    /// How long a line may be, and a message: this client is sent nothing but acknowledgements.
    static let lineLimit = 65_536
    static let payloadLimit = 1 << 20

    /// A message whose bytes have not all arrived.
    private struct Pending {
        let subject: String
        let headerLength: Int
        let length: Int
    }

    private var pending: Pending?

    /// Takes the next whole operation out of a buffer. Returns nil when more has to arrive first.
    ///
    /// - throws: ``Failure`` `nats_protocol_error`.
    mutating func next(_ buffer: inout ByteBuffer) throws(Failure) -> NATSOperation? {
        if let pending { return try finish(pending, &buffer) }
        guard let line = try readLine(&buffer) else { return nil }
        let parts = line.split(separator: " ", maxSplits: 1)
        guard let word = parts.first?.uppercased() else { throw .natsProtocol("a line is empty") }
        let rest = parts.count == 2 ? parts[1] : ""
        switch word {
        case "INFO": return .info(Array(rest.utf8))
        case "+OK": return .ok
        case "-ERR": return .error(rest.trimmingQuotes)
        case "PING": return .ping
        case "PONG": return .pong
        case "MSG", "HMSG":
            let message = try Self.message(rest.split(separator: " "), hasHeader: word == "HMSG")
            pending = message
            return try finish(message, &buffer)
        default: throw .natsProtocol("a line begins with \"\(word.prefix(20))\"")
        }
    }

    private static func message(_ words: [Substring], hasHeader: Bool) throws(Failure) -> Pending {
        // The subject, the subscription, perhaps a subject for the reply, and one or two lengths.
        let numbers = words.suffix(hasHeader ? 2 : 1).compactMap { Int($0) }
        guard words.count >= (hasHeader ? 4 : 3), numbers.count == (hasHeader ? 2 : 1), let length = numbers.last,
            let first = numbers.first, 0 <= first, first <= length, length <= payloadLimit
        else { throw .natsProtocol("a message has no length from 0 to \(payloadLimit)") }
        return Pending(subject: String(words[0]), headerLength: hasHeader ? first : 0, length: length)
    }

    private mutating func finish(_ message: Pending, _ buffer: inout ByteBuffer) throws(Failure) -> NATSOperation? {
        guard buffer.readableBytes >= message.length + 2,
            let header = buffer.readBytes(length: message.headerLength),
            let payload = buffer.readBytes(length: message.length - message.headerLength),
            let end = buffer.readBytes(length: 2)
        else { return nil }
        guard end == [13, 10] else { throw .natsProtocol("a message does not end with its line") }
        pending = nil
        return .message(
            subject: message.subject, header: String(decoding: header, as: UTF8.self), payload: payload)
    }

    private func readLine(_ buffer: inout ByteBuffer) throws(Failure) -> String? {
        guard let end = buffer.readableBytesView.prefix(Self.lineLimit).firstIndex(of: UInt8(ascii: "\n")) else {
            guard buffer.readableBytes < Self.lineLimit else { throw .natsProtocol("a line is too long") }
            return nil
        }
        var line = buffer.readSlice(length: end - buffer.readerIndex + 1)?.readableBytesView.dropLast() ?? []
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        return String(decoding: line, as: UTF8.self)
    }
}

extension Substring {
    /// The text without the quotes around it.
    fileprivate var trimmingQuotes: String {
        let text = drop { $0 == " " }
        return String(text.first == "'" && text.last == "'" && text.count > 1 ? text.dropFirst().dropLast() : text)
    }
}
