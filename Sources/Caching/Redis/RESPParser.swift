import Core
import NIOCore

/// Reads replies from bytes that arrive in pieces, of any size and cut anywhere (RESP2).
///
/// What a reply may take has limits, so a peer that is no Redis, or a broken one, costs a connection and not the
/// memory. After a failure it reads nothing more of use: the connection is to be closed.
struct RESPParser {
    /// What a reply may take.
    struct Limits: Sendable {
        /// How deep arrays stand within arrays.
        var depth = 8
        /// How many elements all arrays of a reply have together.
        var elements = 65_536
        /// How long one string of bytes is.
        var bulkBytes = 64 << 20
        /// How long a line is: a short string, an error, a number.
        var lineBytes = 4_096
    }

    /// An array whose elements have not all arrived.
    private struct OpenArray {
        var missing: Int
        var elements: [RESPValue] = []
    }

    private enum Item {
        case value(RESPValue)
        case array(count: Int)
    }

    private let limits: Limits
    private var open: [OpenArray] = []
    private var elementCount = 0

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Takes the next whole reply out of a buffer. Returns nil when more has to arrive first.
    ///
    /// - throws: `redis_protocol_error` for what is no RESP or is beyond a limit.
    mutating func next(_ buffer: inout ByteBuffer) throws(Failure) -> RESPValue? {
        while let item = try readItem(&buffer) {
            if let value = try take(item) { return value }
        }
        return nil
    }

    /// Puts an item where it belongs. Returns the reply that it completes, if any.
    private mutating func take(_ item: Item) throws(Failure) -> RESPValue? {
        var value: RESPValue
        switch item {
        case .value(let scalar):
            value = scalar
        case .array(let count):
            elementCount += count
            guard elementCount <= limits.elements else {
                throw .redisProtocol("a reply has more than \(limits.elements) elements")
            }
            guard count == 0 else {
                guard open.count < limits.depth else {
                    throw .redisProtocol("arrays stand deeper than \(limits.depth) within each other")
                }
                open.append(OpenArray(missing: count))
                return nil
            }
            value = .array([])
        }
        while var array = open.popLast() {
            array.elements.append(value)
            array.missing -= 1
            guard array.missing == 0 else {
                open.append(array)
                return nil
            }
            value = .array(array.elements)
        }
        elementCount = 0
        return value
    }

    /// The next value that is no array, or the head of an array; nil while it is not there whole.
    private func readItem(_ buffer: inout ByteBuffer) throws(Failure) -> Item? {
        guard let length = try lineLength(buffer) else { return nil }
        var rest = buffer
        guard let type = rest.readInteger(as: UInt8.self), let line = rest.readString(length: length - 1) else {
            return nil
        }
        rest.moveReaderIndex(forwardBy: 2)
        let item: Item
        switch type {
        case UInt8(ascii: "+"): item = .value(.simpleString(line))
        case UInt8(ascii: "-"): item = .value(.error(line))
        case UInt8(ascii: ":"): item = .value(.integer(try Self.integer(line)))
        case UInt8(ascii: "*"):
            item = try Self.count(line, atMost: limits.elements).map { .array(count: $0) } ?? .value(.null)
        case UInt8(ascii: "$"):
            if let count = try Self.count(line, atMost: limits.bulkBytes) {
                guard rest.readableBytes >= count + 2, let bytes = rest.readSlice(length: count) else { return nil }
                guard rest.readInteger(as: UInt16.self) == Self.lineEnd else {
                    throw .redisProtocol("a string of \(count) bytes does not end with its line")
                }
                item = .value(.bulkString(bytes))
            } else {
                item = .value(.null)
            }
        default:
            throw .redisProtocol("a reply begins with the byte \(type)")
        }
        buffer = rest
        return item
    }

    /// How many bytes the first line has without its end; nil when that is not there yet.
    private func lineLength(_ buffer: ByteBuffer) throws(Failure) -> Int? {
        let view = buffer.readableBytesView.prefix(limits.lineBytes + 2)
        guard let end = view.firstIndex(of: UInt8(ascii: "\r")) else {
            guard view.count < limits.lineBytes + 2 else {
                throw .redisProtocol("a line is longer than \(limits.lineBytes) bytes")
            }
            return nil
        }
        guard end + 1 < view.endIndex else {
            guard view.count < limits.lineBytes + 2 else {
                throw .redisProtocol("a line is longer than \(limits.lineBytes) bytes")
            }
            return nil
        }
        guard view[end + 1] == UInt8(ascii: "\n"), end > view.startIndex else {
            throw .redisProtocol("a line does not end as it must")
        }
        return end - view.startIndex
    }

    private static let lineEnd = UInt16(UInt8(ascii: "\r")) << 8 | UInt16(UInt8(ascii: "\n"))

    private static func integer(_ line: String) throws(Failure) -> Int64 {
        guard let value = Int64(line) else { throw .redisProtocol("\"\(line)\" is no number") }
        return value
    }

    /// The count that a line says, or nil for that of no value at all.
    private static func count(_ line: String, atMost limit: Int) throws(Failure) -> Int? {
        let value = try integer(line)
        if value == -1 { return nil }
        guard (0...Int64(limit)).contains(value) else {
            throw .redisProtocol("the length \(value) is not from 0 to \(limit)")
        }
        return Int(value)
    }
}
