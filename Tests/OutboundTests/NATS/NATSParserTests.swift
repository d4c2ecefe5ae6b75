import Core
import NIOCore
import TestKit
import Testing

@testable import Outbound

/// What a NATS server says, however the network cuts it.
@Suite struct NATSParserTests {
    private static let text =
        "INFO {\"headers\":true}\r\n+OK\r\nPING\r\nPONG\r\n-ERR 'Unknown Protocol Operation'\r\n"
        + "MSG _INBOX.a.1 1 5\r\nab\r\nc\r\nHMSG _INBOX.a.2 1 reply 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"
        + "HMSG a 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\nMSG a 1 0\r\n\r\n"
    private static let operations: [NATSOperation] = [
        .info(Array("{\"headers\":true}".utf8)), .ok, .ping, .pong, .error("Unknown Protocol Operation"),
        .message(subject: "_INBOX.a.1", header: "", payload: Array("ab\r\nc".utf8)),
        .message(subject: "_INBOX.a.2", header: "NATS/1.0 503\r\n\r\n", payload: []),
        .message(subject: "a", header: "NATS/1.0\r\n\r\n", payload: Array("hi".utf8)),
        .message(subject: "a", header: "", payload: []),
    ]

    @Test func operationsMayBeCutAnywhere() throws {
        var random = SeededRandom.fresh()
        for _ in 1...200 {
            var (parser, buffer, operations) = (NATSParser(), ByteBuffer(), [NATSOperation]())
            var rest = Array(Self.text.utf8)[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(20, rest.count), using: &random)
                buffer.writeBytes(rest.prefix(count))
                rest = rest.dropFirst(count)
                while let operation = try parser.next(&buffer) { operations.append(operation) }
            }
            #expect(operations == Self.operations, "\(random)")
        }
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n", "\r\n", "MSG a 1\r\n", "MSG a 1 -1\r\n", "MSG a 1 x\r\n",
        "MSG a 1 99999999999\r\n",
        "HMSG a 1 5 4\r\n", "MSG a 1 1\r\nabc\r\n", String(repeating: "x", count: 70_000),
    ])
    func whatIsNoOperationIsAFailure(_ text: String) {
        var (parser, buffer) = (NATSParser(), ByteBuffer(string: text))
        let failure = #expect(throws: Failure.self) { while try parser.next(&buffer) != nil {} }
        #expect(failure?.code == "nats_protocol_error")
    }

    @Test(arguments: [
        (#"{"stream":"S","seq":7}"#, "", "S 7 false"), (#"{"stream":"S","seq":7,"duplicate":true}"#, "", "S 7 true"),
        (#"{"error":{"code":400,"description":"too large"}}"#, "", "nats_refused"),
        (#"{"error":{"code":503,"description":"no quorum"}}"#, "", "nats_unavailable"),
        ("", "NATS/1.0 503\r\n\r\n", "nats_no_stream"), ("", "", "nats_protocol_error"),
        ("{}", "", "nats_protocol_error"),
    ])
    func acknowledgements(_ payload: String, _ header: String, _ outcome: String) {
        do throws(Failure) {
            let read = try NATSAcknowledgement(header: header, payload: Array(payload.utf8), subject: "a")
            #expect("\(read.stream) \(read.sequence) \(read.isDuplicate)" == outcome)
        } catch {
            #expect(error.code == outcome)
        }
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "a b", "a\r\nPUB b", "a.*", "a.>", "ä", "$JS.API.STREAM.DELETE.S", "_INBOX.a",
    ])
    func subjectsThatNobodyPublishesToAreRefused(_ subject: String) {
        let failure = #expect(throws: Failure.self) { try NATSClient.check(subject) }
        #expect(failure?.code == "nats_subject_invalid")
    }

    @Test func addressesOfServers() throws {
        let url = try NATSURL("nats://me:p%40ss@nats.example:4333")
        #expect(url.host == "nats.example" && url.port == 4_333 && !url.requiresTLS)
        #expect(url.login == .password(user: "me", "p@ss"))
        #expect(try NATSURL("nats://token@n").login == .token("token"))
        #expect(try NATSURL("tls://n").requiresTLS)
        #expect(try NATSURL("nats://n").port == 4_222)
        for text in ["", "http://n", "nats://", "nats://n/x", "nats://n?x", "nats://@n", "nats://a,b"] {
            let failure = #expect(throws: Failure.self, "\(text)") { try NATSURL(text) }
            #expect(failure?.code == "nats_url_invalid")
        }
    }
}
