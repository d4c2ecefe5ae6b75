import Core
import Outbound
import Telemetry
import TestKit
import Testing

/// E-mail by a real mail server, whose messages Python's own package reads.
@Suite(.timeLimit(.minutes(5))) struct SMTPClientTests {
    private let metrics = MetricsRegistry()

    private func client(
        _ server: SMTPServer, tls: String = "none", login: String = "", _ texts: [String: String] = [:],
        metrics: MetricsRegistry? = nil
    ) throws -> SMTPClient {
        let metrics = metrics ?? self.metrics
        let url = try SMTPURL("smtp://\(login)127.0.0.1:\(server.port)?tls=\(tls)")
        return try SMTPClient(url, settings: .outbound(texts), metrics: metrics)
    }

    private func message(
        to: [String] = ["you@example.com"], subject: String = "Hello", text: String? = "Hello", html: String? = nil
    ) throws -> EmailMessage {
        try EmailMessage(
            from: EmailAddress("Bücher & Co. <shop@example.com>"), to: to.map { try EmailAddress($0) },
            copies: [EmailAddress("copy@example.com")], replyTo: EmailAddress("help@example.com"), subject: subject,
            text: text, html: html, messageID: "event.1@millrace", date: SystemTime().now())
    }

    private func code(_ client: SMTPClient, _ message: EmailMessage, timeout: Duration = .seconds(30)) async -> String?
    {
        await #expect(throws: Failure.self) { try await client.send(message, timeout: timeout) }?.code
    }

    private func emails(_ outcome: String) -> Int {
        metrics.counter("outbound_emails_total", "", labels: ["outcome"]).with(outcome).value
    }

    @Test func aMessageArrivesAsItWasWritten() async throws {
        let server = try await SMTPServer()
        let text = "Grüße,\n.\n..dots\nFrom here\n" + String(repeating: "lang ", count: 50) + "\n\ttab \n🧀"
        let html = "<p style=\"color: red\">Grüße &amp; Käse</p>\n"
        let subject = "Ihre Bestellung № 7 von " + String(repeating: "Käse, ", count: 20)
        try await client(server).send(
            message(
                to: ["Zoë \"Z\" Müller <zoe@example.com>", "plain@example.com"], subject: subject, text: text,
                html: html))
        let sent = try #require(try await server.messages().first)
        #expect(sent["defects"] == .array([]))
        #expect(sent["from"] == .string("shop@example.com"))
        #expect(
            sent["recipients"]
                == .array(["zoe@example.com", "plain@example.com", "copy@example.com"].map { .string($0) }))
        #expect(
            sent["to"]
                == .array([
                    .array([.string("Zoë Z Müller"), .string("zoe@example.com")]),
                    .array([.string(""), .string("plain@example.com")]),
                ]))
        #expect(sent["type"] == .string("multipart/alternative"))
        // Lines of e-mail end with both characters.
        #expect(sent["text"] == .string(text.replacing("\n", with: "\r\n")))
        #expect(sent["html"] == .string(html.replacing("\n", with: "\r\n")))
        #expect(sent["is_ascii"] == .bool(true))
        guard case .array(let fields)? = sent["headers"] else {
            Issue.record("\(sent)")
            return
        }
        #expect(fields.contains(.array([.string("Message-ID"), .string("<event.1@millrace>")])))
        #expect(fields.contains(.array([.string("Subject"), .string(subject)])), "\(fields)")
        #expect(fields.contains(.array([.string("Reply-To"), .string("help@example.com")])))
        #expect(fields.contains(.array([.string("Cc"), .string("copy@example.com")])))
        #expect(emails("sent") == 1)
        let durations = metrics.histogram("outbound_email_duration_seconds", "").with().distribution
        #expect(durations.count == 1 && durations.sum > 0)
    }

    /// `outbound.smtp_timeout` says how long a server may be silent, which `outbound_email_duration_seconds` shows.
    @Test func howLongASilentServerIsWaitedForIsASetting() async throws {
        let server = try await SMTPServer()
        var durations: [Double] = []
        for limit in ["100", "2000"] {
            let metrics = MetricsRegistry()
            let client = try client(server, ["outbound.smtp_timeout": limit], metrics: metrics)
            #expect(await code(client, try message(to: ["slow@example.com"])) == "timeout")
            durations.append(metrics.histogram("outbound_email_duration_seconds", "").with().distribution.sum)
        }
        #expect(durations[0] >= 0.1 && durations[0] < 2 && durations[1] >= 2, "\(durations)")
    }

    @Test func oneConnectionIsKept() async throws {
        let server = try await SMTPServer()
        let client = try client(server)
        let message = try message()
        try await withThrowingTaskGroup { group in
            for _ in 1...10 { group.addTask { try await client.send(message) } }
            try await group.waitForAll()
        }
        #expect(try await server.messages(10).count == 10)
        #expect(server.connectionCount == 1)
        #expect(server.resetCount == 9)
    }

    @Test(arguments: ["PLAIN", "LOGIN"])
    func aServerThatEncryptsAndAsksWhoItIs(_ mechanism: String) async throws {
        let certificate = try TestCertificate(for: ["localhost"])
        let trust = ["outbound.tls_ca_file": certificate.path]
        for encryption in [SMTPServer.Encryption.starttls, .tls] {
            let server = try await SMTPServer(
                encryption, certificate: certificate, login: ("me", "secret"), mechanism: mechanism)
            try await client(server, tls: encryption.rawValue, login: "me:secret@", trust).send(message())
            let sent = try #require(try await server.messages().first)
            #expect(sent["encrypted"] == .bool(true))
            #expect(sent["user"] == .string("me"))
            let wrong = try client(server, tls: encryption.rawValue, login: "me:guess@", trust)
            #expect(await code(wrong, try message()) == "smtp_login_refused")
            let distrusting = try client(server, tls: encryption.rawValue, login: "me:secret@")
            #expect(await code(distrusting, try message()) == "tls_failed")
            #expect(try await server.messages().count == 1)
        }
    }

    @Test func nothingIsSentInTheClearUnlessItIsAskedFor() async throws {
        let server = try await SMTPServer()
        #expect(await code(try client(server, tls: "starttls"), try message()) == "tls_failed")
        #expect(await code(try client(server, tls: "tls"), try message(), timeout: .seconds(5)) == "tls_failed")
    }

    @Test func refusalsSayWhetherTheyLast() async throws {
        let server = try await SMTPServer()
        let client = try client(server)
        #expect(await code(client, try message(to: ["you@example.com", "nobody@example.com"])) == "smtp_refused")
        #expect(await code(client, try message(to: ["busy@example.com"])) == "smtp_deferred")
        #expect(await code(client, try message(subject: "refuse this")) == "smtp_refused")
        try await client.send(message())
        #expect(try await server.messages().count == 1)
        #expect(server.connectionCount == 1, "a refusal ends the message and not the connection")
        #expect(emails("smtp_refused") == 2 && emails("smtp_deferred") == 1 && emails("sent") == 1)
    }

    @Test func aServerThatFailsIsAFailure() async throws {
        let server = try await SMTPServer()
        let client = try client(server)
        let lost = await code(client, try message(to: ["gone@example.com"]))
        #expect(lost == "connection_lost" || lost == "smtp_deferred")
        #expect(await code(client, try message(to: ["slow@example.com"]), timeout: .milliseconds(300)) == "timeout")
        let impatient = try self.client(server, ["outbound.smtp_timeout": "100"])
        #expect(await code(impatient, try message(to: ["slow@example.com"])) == "timeout")
        try await client.send(message())
        #expect(try await server.messages().count == 1)
    }

    @Test func aServerThatCameBackIsUsedAgain() async throws {
        let server = try await SMTPServer()
        let client = try client(server)
        try await client.send(message())
        await server.kill()
        #expect(await code(client, try message()) == "connect_failed")
        try await server.restart()
        try await client.send(message())
        #expect(try await server.messages().count == 1)
    }

    @Test func aMessageMayLeaveItsSenderToTheSettings() async throws {
        let server = try await SMTPServer()
        let message = try EmailMessage(
            to: [EmailAddress("you@example.com")], subject: "", text: "", messageID: "a@b", date: SystemTime().now())
        #expect(await code(try client(server), message) == "email_invalid")
        try await client(server, ["outbound.smtp_from": "Shop <shop@example.com>"]).send(message)
        #expect(try await server.messages().first?["from"] == .string("shop@example.com"))
    }

    @Test func closingEndsWhatWaits() async throws {
        let server = try await SMTPServer()
        let client = try client(server)
        client.close()
        #expect(await code(client, try message()) == "stopping")
    }
}
