import Core
import Testing

@testable import Outbound

/// Addresses and messages: what cannot be sent is refused, and nothing can add a field.
@Suite struct EmailMessageTests {
    private let date = Timestamp("1994-11-06T08:49:37Z") ?? .earliest

    private func message(
        to: String = "you@example.com", subject: String = "Hello", text: String = "", id: String = "a.1@millrace"
    ) throws -> EmailMessage {
        try EmailMessage(
            from: EmailAddress("Shop <shop@example.com>"), to: [EmailAddress(to)], subject: subject, text: text,
            messageID: id, date: date)
    }

    private func lines(_ message: EmailMessage) throws -> [Substring] {
        let sender = try #require(message.sender)
        return String(decoding: EmailEncoding.bytes(of: message, from: sender), as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
    }

    @Test func aMessageIsTheseLines() throws {
        #expect(
            try lines(message(text: "One\n.two\n")) == [
                "From: \"Shop\" <shop@example.com>", "To: you@example.com", "Subject: Hello",
                "Date: Sun, 06 Nov 1994 08:49:37 +0000", "Message-ID: <a.1@millrace>", "Auto-Submitted: auto-generated",
                "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
                "Content-Transfer-Encoding: quoted-printable", "", "One", ".two", "", "",
            ])
    }

    @Test func nothingAddsAField() throws {
        let subject = "Hi\r\nBcc: all@example.com\n\nbody"
        let name = try EmailAddress(name: "Eve X: y", address: "eve@example.com")
        let message = try EmailMessage(
            from: name, to: [name], replyTo: name, subject: subject, text: "", messageID: "a@b", date: date)
        let names = try lines(message).prefix { !$0.isEmpty }.filter { $0.first != " " }.map { $0.prefix { $0 != ":" } }
        #expect(
            names == [
                "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
                "Content-Type", "Content-Transfer-Encoding",
            ])
    }

    @Test(arguments: [
        "", "you", "@example.com", "you@", "a@b@c", "you@exa mple.com", "you\r\n@example.com",
        "you@example.com\r\nX: y",
        "<you@example.com", "you@-a.com", "you@a..b", ".you@a", "yo..u@a", "you@bücher.example", "ünd@example.com",
        "\"a b\"@example.com", "you@example.com>", "Name <you@example.com> x",
    ])
    func addressesThatCannotBeSentToAreRefused(_ text: String) {
        let failure = #expect(throws: Failure.self) { try EmailAddress(text) }
        #expect(failure?.code == "email_address_invalid")
    }

    /// What is cleaned of control characters may be the address of somebody else.
    @Test(arguments: ["\r\n", "\n", "\r", "\0", "\u{7F}", "\u{85}", "\u{2028}", "\t"])
    func addressesWithControlCharactersAreRefused(_ control: String) {
        let texts = [
            "a@example.com\(control)RCPT TO:<v@example.com>", "A\(control)B <v@example.com>", "v@example.com\(control)",
        ]
        for text in texts {
            let failure = #expect(throws: Failure.self) { try EmailAddress(text) }
            #expect(failure?.code == "email_address_invalid")
            #expect(failure?.message.contains(control) == false)
        }
        #expect(throws: Failure.self) { try EmailAddress(name: "A\(control)B", address: "v@example.com") }
    }

    @Test(
        arguments: [
            ("you@example.com", nil, "you@example.com"), ("You <you+tag@example.com>", "You", "you+tag@example.com"),
            ("\"You, Too\" <you@localhost>", "You, Too", "you@localhost"), ("<you@a>", nil, "you@a"),
        ] as [(String, String?, String)])
    func addressesAreRead(_ text: String, _ name: String?, _ address: String) throws {
        let read = try EmailAddress(text)
        #expect(read.name == name)
        #expect(read.address == address)
    }

    @Test(arguments: ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b>\r\nX: y", "a..b@c"])
    func identifiersThatCannotBeSentAreRefused(_ id: String) {
        let failure = #expect(throws: Failure.self) { try message(id: id) }
        #expect(failure?.code == "email_invalid")
    }

    @Test func aMessageIsForSomebodyAndSaysSomething() throws {
        let you = try EmailAddress("you@example.com")
        let many = Array(repeating: you, count: EmailMessage.recipientLimit + 1)
        for (recipients, text) in [([], "a"), (many, "a"), ([you], nil)] as [([EmailAddress], String?)] {
            #expect(throws: Failure.self) {
                try EmailMessage(
                    from: you, to: recipients, subject: "", text: text, messageID: "a@b", date: date)
            }
        }
    }

    @Test(arguments: [
        ("a=b", "a=3Db"), ("ä", "=C3=A4"), ("end ", "end=20"), ("a\tb", "a\tb"), ("a\r\nb\rc", "a\r\nb\r\nc"),
        (String(repeating: "x", count: 76), String(repeating: "x", count: 76)),
        (String(repeating: "x", count: 77), String(repeating: "x", count: 75) + "=\r\nxx"),
        (String(repeating: "ä", count: 13), String(repeating: "=C3=A4", count: 12) + "=C3=\r\n=A4"),
    ])
    func bodiesAreASCIIInShortLines(_ text: String, _ encoded: String) {
        #expect(EmailEncoding.quotedPrintable(text) == encoded)
    }

    @Test func subjectsOfAnyLengthHaveShortLines() throws {
        for subject in [
            String(repeating: "word ", count: 60) + "end", String(repeating: "x", count: 300),
            String(repeating: "Käse 🧀 ", count: 40), "=?utf-8?B?aGFjaw==?=", " two  blanks ",
        ] {
            let lines = try lines(message(subject: subject))
            #expect(lines.allSatisfy { $0.utf8.count <= 78 && $0.utf8.allSatisfy { $0 < 0x80 } }, "\(lines)")
        }
    }
}
