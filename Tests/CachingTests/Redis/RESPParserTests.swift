import Core
import NIOCore
import TestKit
import Testing

@testable import Caching

/// Replies are read alike however they are cut, and what is no reply is refused.
@Suite struct RESPParserTests {
    @Test func eachKindOfReplyIsRead() throws {
        let text = "+OK\r\n-ERR no\r\n:-42\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n:1\r\n*1\r\n+a\r\n"
        let expected: [RESPValue] = [
            .simpleString("OK"), .error("ERR no"), .integer(-42), .bulkString(ByteBuffer(string: "a\r\n")),
            .bulkString(ByteBuffer()), .null, .null, .array([]), .array([.integer(1), .array([.simpleString("a")])]),
        ]
        #expect(try Self.parse([ByteBuffer(string: text)]) == expected)
    }

    @Test func repliesMayBeCutAnywhere() throws {
        var random = SeededRandom.fresh()
        for _ in 1...50 {
            let values = (0..<3).map { _ in Self.value(using: &random, depth: 3) }
            var bytes = ByteBuffer()
            for value in values { Self.write(value, to: &bytes) }
            for cut in 0...bytes.readableBytes {
                let start = try #require(bytes.getSlice(at: bytes.readerIndex, length: cut))
                var rest = bytes
                rest.moveReaderIndex(forwardBy: cut)
                #expect(try Self.parse([start, rest]) == values, "\(random), cut at \(cut)")
            }
            let single = bytes.readableBytesView.map { ByteBuffer(bytes: [$0]) }
            #expect(try Self.parse(single) == values, "\(random), byte by byte")
        }
    }

    /// Whatever arrives is read or refused; nothing of it ends the process or takes memory without end.
    @Test func nonsenseIsReadOrRefused() throws {
        var random = SeededRandom.fresh()
        let alphabet = Array("+-:$*0123456789\r\n\r\n\r\naZ \u{0}".utf8) + [0xFF]
        var refused = 0
        for _ in 1...20_000 {
            let bytes = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            do {
                _ = try Self.parse([ByteBuffer(bytes: bytes)])
            } catch let failure as Failure {
                #expect(failure.code == "redis_protocol_error", "\(random)")
                refused += 1
            }
        }
        #expect(refused > 10_000)
    }

    /// A reply in which one byte is another gives other values or a failure.
    @Test func damagedRepliesAreReadOrRefused() throws {
        var random = SeededRandom.fresh()
        for _ in 1...5_000 {
            var bytes = ByteBuffer()
            Self.write(Self.value(using: &random, depth: 3), to: &bytes)
            let place = Int.random(in: 0..<bytes.readableBytes, using: &random)
            bytes.setInteger(UInt8.random(in: .min ... .max, using: &random), at: bytes.readerIndex + place)
            do {
                _ = try Self.parse([bytes])
            } catch let failure as Failure {
                #expect(failure.code == "redis_protocol_error", "\(random)")
            }
        }
    }

    @Test(arguments: [
        "hello\r\n", "\r\n", ":\r\n", ":1.5\r\n", ":9223372036854775808\r\n", "$-2\r\n", "$x\r\n", "*-7\r\n",
        "$1\r\nab\r\n", "+a\rb\r\n", "*1\r\n!\r\n", "$99999999999\r\n", "*70000\r\n", "HTTP/1.1 400 Bad Request\r\n",
    ])
    func whatIsNoReplyIsRefused(_ text: String) {
        #expect {
            try Self.parse([ByteBuffer(string: text)])
        } throws: {
            ($0 as? Failure)?.code == "redis_protocol_error"
        }
    }

    @Test func aReplyBeyondALimitIsRefused() throws {
        let limits = RESPParser.Limits(depth: 2, elements: 4, bulkBytes: 10, lineBytes: 8)
        let fit = ["*2\r\n*2\r\n:1\r\n:2\r\n:3\r\n", "$10\r\n0123456789\r\n", "+1234567\r\n"]
        for text in fit { #expect(try Self.parse([ByteBuffer(string: text)], limits).count == 1, "\(text)") }
        let tooMuch = [
            "*1\r\n*1\r\n*1\r\n:1\r\n", "*5\r\n", "*3\r\n*2\r\n", "$11\r\n", "+123456789", "+12345678901\r\n",
        ]
        for text in tooMuch {
            #expect(throws: Failure.self, "\(text)") { try Self.parse([ByteBuffer(string: text)], limits) }
        }
    }

    @Test func commandsAreArraysOfStrings() {
        #expect(String(buffer: RedisCommand("get", "ä").bytes) == "*2\r\n$3\r\nGET\r\n$2\r\nä\r\n")
        let set = RedisCommand.set("k", ByteBuffer(bytes: [0, 13, 10]), milliseconds: 1_500)
        #expect(
            String(buffer: set.bytes)
                == "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\n\u{0}\r\n\r\n$2\r\nPX\r\n$4\r\n1500\r\n")
    }

    /// What a parser reads from pieces that arrive one after the other.
    private static func parse(_ pieces: [ByteBuffer], _ limits: RESPParser.Limits = .init()) throws -> [RESPValue] {
        var parser = RESPParser(limits: limits)
        var buffer = ByteBuffer()
        var values: [RESPValue] = []
        for piece in pieces {
            buffer.writeImmutableBuffer(piece)
            while let value = try parser.next(&buffer) { values.append(value) }
        }
        return values
    }

    private static func value(using random: inout SeededRandom, depth: Int) -> RESPValue {
        switch Int.random(in: 0..<(depth == 0 ? 5 : 7), using: &random) {
        case 0: .simpleString("OK \(random.next())")
        case 1: .error("ERR \(random.next())")
        case 2: .integer(Int64(bitPattern: random.next()))
        case 3:
            .bulkString(
                ByteBuffer(
                    bytes: (0..<Int.random(in: 0...20, using: &random)).map { _ in
                        [13, 10, 36, 0, 255][Int.random(in: 0..<5, using: &random)]
                    }))
        case 4: .null
        default:
            .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in value(using: &random, depth: depth - 1) })
        }
    }

    private static func write(_ value: RESPValue, to buffer: inout ByteBuffer) {
        switch value {
        case .simpleString(let text): buffer.writeString("+\(text)\r\n")
        case .error(let text): buffer.writeString("-\(text)\r\n")
        case .integer(let number): buffer.writeString(":\(number)\r\n")
        case .bulkString(let bytes):
            buffer.writeString("$\(bytes.readableBytes)\r\n")
            buffer.writeImmutableBuffer(bytes)
            buffer.writeString("\r\n")
        case .null: buffer.writeString("$-1\r\n")
        case .array(let elements):
            buffer.writeString("*\(elements.count)\r\n")
            for element in elements { write(element, to: &buffer) }
        }
    }
}
