import Core
import NIOCore
import TestKit
import Testing

@testable import Outbound

/// What is said to a mail server, reply by reply.
@Suite struct SMTPDialogueTests {
    private static let envelope = SMTPDialogue.Envelope(sender: "a@x", recipients: ["b@y", "c@y"], size: 1_000)

    private func dialogue(_ url: String = "smtp://mail.test?tls=none") throws -> SMTPDialogue {
        SMTPDialogue(with: try SMTPURL(url), as: "[192.0.2.1]")
    }

    /// What the dialogue wants, in a word and a line.
    private func describe(_ action: SMTPDialogue.Action) -> String {
        switch action {
        case .command(let line): line
        case .content: "content"
        case .encrypt: "encrypt"
        case .ready: "ready"
        case .accepted: "accepted"
        case .refused(let failure): "refused \(failure.code)"
        case .close(let failure): "close \(failure.code)"
        }
    }

    private func reply(_ code: Int, _ lines: String...) -> SMTPReply {
        SMTPReply(code: code, lines: lines.isEmpty ? ["as you like"] : lines)
    }

    /// The replies in their order and what each leads to.
    private func run(_ dialogue: inout SMTPDialogue, _ replies: SMTPReply...) -> [String] {
        replies.map { describe(dialogue.received($0)) }
    }

    @Test func messagesFollowEachOther() throws {
        var dialogue = try dialogue()
        #expect(run(&dialogue, reply(220), reply(250, "mail.test", "SIZE 5000")) == ["EHLO [192.0.2.1]", "ready"])
        #expect(describe(dialogue.send(Self.envelope)) == "MAIL FROM:<a@x> SIZE=1000")
        let first = run(&dialogue, reply(250), reply(250), reply(251), reply(354))
        #expect(first == ["RCPT TO:<b@y>", "RCPT TO:<c@y>", "DATA", "content"])
        #expect(dialogue.isContentSent)
        #expect(run(&dialogue, reply(250)) == ["accepted"])
        #expect(describe(dialogue.send(Self.envelope)) == "RSET")
        #expect(run(&dialogue, reply(250)) == ["MAIL FROM:<a@x> SIZE=1000"])
    }

    @Test func nothingIsSaidBeforeTheConnectionIsEncrypted() throws {
        var dialogue = try dialogue("smtp://me:secret@mail.test")
        let replies = run(&dialogue, reply(220), reply(250, "mail.test", "STARTTLS", "AUTH PLAIN"), reply(220))
        #expect(replies == ["EHLO [192.0.2.1]", "STARTTLS", "encrypt"])
        #expect(describe(dialogue.encrypted()) == "EHLO [192.0.2.1]")
        // What was offered before the handshake does not count.
        let offered = reply(250, "mail.test", "AUTH LOGIN PLAIN")
        #expect(run(&dialogue, offered, reply(235)) == ["AUTH PLAIN AG1lAHNlY3JldA==", "ready"])
    }

    @Test func aServerThatDoesNotEncryptGetsNothing() throws {
        var dialogue = try dialogue("smtp://me:secret@mail.test")
        #expect(run(&dialogue, reply(220), reply(250, "mail.test", "AUTH PLAIN")).last == "close tls_failed")
        dialogue = try self.dialogue("smtp://mail.test")
        #expect(run(&dialogue, reply(220), reply(250, "mail.test", "STARTTLS"), reply(454)).last == "close tls_failed")
    }

    @Test func otherWaysToLogIn() throws {
        var dialogue = try dialogue("smtp://me:p%40ss@mail.test?tls=tls")
        let login = run(&dialogue, reply(220), reply(250, "m", "AUTH=LOGIN"), reply(334), reply(334), reply(235))
        #expect(login == ["EHLO [192.0.2.1]", "AUTH LOGIN", "bWU=", "cEBzcw==", "ready"])
        dialogue = try self.dialogue("smtp://me:secret@mail.test?tls=tls")
        #expect(run(&dialogue, reply(220), reply(250, "m", "AUTH GSSAPI")).last == "close smtp_login_refused")
        dialogue = try self.dialogue("smtp://me:secret@mail.test?tls=tls")
        #expect(
            run(&dialogue, reply(220), reply(250, "m", "AUTH PLAIN"), reply(535)).last == "close smtp_login_refused")
        dialogue = try self.dialogue("smtp://me:secret@mail.test?tls=tls")
        #expect(run(&dialogue, reply(220), reply(250, "m", "AUTH PLAIN"), reply(454)).last == "close smtp_deferred")
    }

    @Test func aRefusalEndsTheMessageAndNotTheConnection() throws {
        var dialogue = try dialogue()
        _ = run(&dialogue, reply(220), reply(250, "m"))
        for (replies, code) in [
            ([reply(550)], "smtp_refused"), ([reply(250), reply(451)], "smtp_deferred"),
            ([reply(250), reply(250), reply(550)], "smtp_refused"),
            ([reply(250), reply(250), reply(250), reply(452)], "smtp_deferred"),
            ([reply(250), reply(250), reply(250), reply(354), reply(554)], "smtp_refused"),
        ] {
            if describe(dialogue.send(Self.envelope)) == "RSET" { _ = run(&dialogue, reply(250)) }
            let last = replies.map { describe(dialogue.received($0)) }.last
            #expect(last == "refused \(code)")
        }
    }

    @Test func whatIsTooLongIsNotSent() throws {
        var dialogue = try dialogue()
        _ = run(&dialogue, reply(220), reply(250, "m", "SIZE 999"))
        #expect(describe(dialogue.send(Self.envelope)) == "refused smtp_refused")
        #expect(describe(dialogue.send(.init(sender: "a@x", recipients: ["b@y"], size: 999))).hasPrefix("MAIL"))
    }

    @Test func aServerThatLeavesIsLeft() throws {
        var dialogue = try dialogue()
        #expect(run(&dialogue, reply(554)) == ["close smtp_refused"])
        dialogue = try self.dialogue()
        _ = run(&dialogue, reply(220), reply(250, "m"))
        #expect(run(&dialogue, reply(421)) == ["close smtp_deferred"])
        dialogue = try self.dialogue()
        _ = run(&dialogue, reply(220), reply(250, "m"))
        #expect(run(&dialogue, reply(250)) == ["close smtp_protocol_error"], "nobody asked")
    }

    /// A reply is the same however the network cuts it.
    @Test func repliesAreReadInPieces() throws {
        let text = "220 hello\r\n250-mail.test\r\n250-SIZE 5000\r\n250 STARTTLS\r\n250\r\n451 4.3.2 later\n"
        var random = SeededRandom.fresh()
        for _ in 1...200 {
            var (parser, buffer, replies) = (SMTPReplyParser(), ByteBuffer(), [SMTPReply]())
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(12, rest.count), using: &random)
                buffer.writeBytes(rest.prefix(count))
                rest = rest.dropFirst(count)
                while let reply = try parser.next(&buffer) { replies.append(reply) }
            }
            #expect(replies.map(\.code) == [220, 250, 250, 451], "\(random)")
            #expect(replies[1].lines == ["mail.test", "SIZE 5000", "STARTTLS"])
            #expect(replies[3].text == "451 4.3.2 later")
        }
    }

    @Test(arguments: ["hello\r\n", "22\r\n", "999 a\r\n", "220:a\r\n", String(repeating: "2", count: 3_000)])
    func whatIsNoReplyIsAFailure(_ text: String) {
        var (parser, buffer) = (SMTPReplyParser(), ByteBuffer(string: text))
        let failure = #expect(throws: Failure.self) { try parser.next(&buffer) }
        #expect(failure?.code == "smtp_protocol_error")
    }

    @Test func addressesOfServers() throws {
        let url = try SMTPURL("smtp://me:p%3Ass@mail.example.com:2525?tls=none")
        #expect(url.host == "mail.example.com" && url.port == 2_525 && url.encryption == .none)
        #expect(url.login == .init(user: "me", password: "p:ss"))
        #expect(try SMTPURL("smtp://m").port == 587)
        #expect(try SMTPURL("smtp://m?tls=tls").port == 465)
        #expect(try SMTPURL("smtp://[::1]?tls=none").host == "::1")
        for text in [
            "", "http://m", "smtp://", "smtp://me@m", "smtp://me:@m", "smtp://m/x", "smtp://m?tls=maybe", "smtp://m:0",
        ] {
            let failure = #expect(throws: Failure.self, "\(text)") { try SMTPURL(text) }
            #expect(failure?.code == "smtp_url_invalid")
        }
    }
}
