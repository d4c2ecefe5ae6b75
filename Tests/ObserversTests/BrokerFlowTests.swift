import ChangeLog
import Core
import Foundation
import TestKit
import Testing

@testable import Observers

/// From a change to mail, queues and caches, with the real servers of each.
@Suite(.timeLimit(.minutes(5))) struct BrokerFlowTests {
    @Test(arguments: TestStore.Engine.allCases)
    func mailArrivesEncryptedAndWhoIsBusyIsAskedTwice(_ engine: TestStore.Engine) async throws {
        let certificate = try TestCertificate(for: ["localhost"])
        let server = try await SMTPServer(.starttls, certificate: certificate, login: ("me", "secret"))
        let settings = [
            "outbound.smtp_url": "smtp://me:secret@127.0.0.1:\(server.port)?tls=starttls",
            "outbound.smtp_from": "Shop <shop@example.com>", "outbound.tls_ca_file": certificate.path,
        ]
        try await RoleFixture.run(engine, settings: settings) { fixture in
            try await fixture.act(
                """
                {"type": "email", "to": ["{{ status }}@example.com"], "subject": "Order over {{ total }}",
                 "text": "{{ total }} & {{ currency }}", "html": "<p>{{ status }} &amp; {{ currency }}</p>"}
                """)
            try await fixture.order(150, status: "zoe")
            let event = fixture.lastEvent
            let sent = try #require(try await server.messages().first)
            #expect(sent["encrypted"] == .bool(true) && sent["user"] == .string("me"))
            #expect(sent["from"] == .string("shop@example.com"))
            #expect(sent["recipients"] == .array([.string("zoe@example.com")]))
            #expect(sent["text"]?.string?.trimmingCharacters(in: .newlines) == "150.00 & EUR")
            #expect(sent["html"]?.string?.contains("<p>zoe &amp; EUR</p>") == true)
            let headers = sent["headers"]?.elements.map { $0.elements.compactMap(\.string) } ?? []
            #expect(headers.contains(["Subject", "Order over 150.00"]) && headers.contains(["Millrace-Attempt", "1"]))
            let identifier = headers.first { $0.first == "Message-ID" }?.last ?? ""
            #expect(identifier.hasPrefix("<msg_\(event)_") && identifier.hasSuffix("@example.com>"), "\(identifier)")
            #expect(try await fixture.outcomes(of: event) == ["delivered 1"])

            try await fixture.order(7, status: "busy")
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["dead 2"])
            let letters = try await fixture.letters(1)
            #expect(letters.map(\.reason) == ["smtp_deferred"] && letters.map(\.attempts) == [2])
            try await fixture.order(8, status: "nobody")
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["dead 1"])
            #expect(try await Set(fixture.letters(2).map(\.reason)) == ["smtp_deferred", "smtp_refused"])
            #expect(try await server.messages().count == 1)
        }
    }

    /// A program that keeps orders in Redis reads what is there now, once the observer has taken the old image out.
    @Test(arguments: TestStore.Engine.allCases)
    func aCachedReadIsFreshAfterItsTagWasInvalidated(_ engine: TestStore.Engine) async throws {
        let redis = try await RedisServer()
        try await RoleFixture.run(engine, settings: Self.settings(redis)) { fixture in
            try await fixture.act(#"{"type": "cache", "tags": ["order:{{ id }}", "{{ status }}"]}"#)
            let (order, other) = (try await fixture.order(1), try await fixture.order(2))
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["delivered 1"])
            let reader = CachingReader(redis: redis, fixture: fixture)
            for id in [order, other] { #expect(try await reader.status(of: id) == "pending") }
            #expect(reader.count == 2)
            for id in [order, other] { #expect(try await reader.status(of: id) == "pending") }
            #expect(reader.count == 2, "both came from the cache")

            try await fixture.move(order, 1, from: "pending", to: "shipped")
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["delivered 1"])
            #expect(try await reader.status(of: order) == "shipped")
            #expect(reader.count == 3)
            #expect(try await reader.status(of: other) == "pending")
            #expect(reader.count == 3, "what has another tag stays")

            // What stands under the name of the tag is no set.
            _ = try await redis.run("SET", "millrace:tag:broken", "text")
            try await fixture.move(order, 1, from: "shipped", to: "broken")
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["dead 2"])
            let letter = try #require(try await fixture.letters(1).first)
            #expect(letter.reason == "redis_refused" && letter.message.contains("WRONGTYPE"))
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aStreamOfRedisGetsTheEvent(_ engine: TestStore.Engine) async throws {
        let redis = try await RedisServer()
        try await RoleFixture.run(engine, settings: Self.settings(redis)) { fixture in
            try await fixture.act(
                """
                {"type": "queue", "broker": "redis", "stream": "orders.{{ status }}", "max_length": 1000,
                 "body": "{\\"total\\": \\"{{ total }}\\"}"}
                """)
            try await fixture.order(150, status: "new")
            let event = fixture.lastEvent
            #expect(try await fixture.outcomes(of: event) == ["delivered 1"])
            // The identifier of Redis, then the names and values of the fields.
            let entry = try await redis.run("XRANGE", "orders.new", "-", "+")
            #expect(entry.count == 7 && entry[1] == "id" && entry[2].hasPrefix("msg_\(event)_"), "\(entry)")
            #expect(entry.suffix(4) == ["attempt", "1", "event", #"{"total": "150.00"}"#])

            _ = try await redis.run("SET", "orders.broken", "text")
            try await fixture.order(7, status: "broken")
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["dead 2"])
            let letter = try #require(try await fixture.letters(1).first)
            #expect(letter.reason == "redis_refused" && letter.message.contains("WRONGTYPE"))
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aStreamOfNATSGetsTheEventOnce(_ engine: TestStore.Engine) async throws {
        let server = try await NATSServer()
        try await server.addStream("SHOP", subjects: "shop.>")
        try await RoleFixture.run(engine, settings: ["outbound.nats_url": server.url()]) { fixture in
            try await fixture.act(#"{"type": "queue", "broker": "nats", "subject": "{{ status }}.orders"}"#)
            let order = try await fixture.order(150, status: "shop")
            let event = fixture.lastEvent
            #expect(try await fixture.outcomes(of: event) == ["delivered 1"])
            #expect(try await server.messageCount(of: "SHOP") == 1)
            let message = try await server.message(1, of: "SHOP")
            #expect(message["subject"] == .string("shop.orders"))
            #expect(Self.decoded(message["hdrs"]).contains("Nats-Msg-Id: msg_\(event)_"))
            #expect(Self.decoded(message["hdrs"]).lowercased().contains("millrace-attempt: 1"))
            let body = try JSONParser.parse(Array(Self.decoded(message["data"]).utf8))
            #expect(body["id"]?.string == event && body["data"]?["entity_id"]?.string == "\(order)")
            #expect(body["data"]?["new"]?["total"]?.string == "150.00")

            // No stream has this subject.
            try await fixture.order(7, status: "elsewhere")
            #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["dead 2"])
            let letters = try await fixture.letters(1)
            #expect(letters.map(\.reason) == ["nats_no_stream"] && letters.map(\.attempts) == [2])
            #expect(try await server.messageCount(of: "SHOP") == 1)
        }
    }

    /// Who has no server of a kind is told so, and not kept waiting.
    @Test func whatIsNotConfiguredIsADeadLetterThatSaysSo() async throws {
        try await RoleFixture.run { fixture in
            try await fixture.act(
                #"{"type": "email", "to": ["a@example.com"], "subject": "x", "text": "x"}"#,
                #"{"type": "cache", "tags": ["x"]}"#, #"{"type": "queue", "broker": "redis", "stream": "x"}"#,
                #"{"type": "queue", "broker": "nats", "subject": "x"}"#)
            try await fixture.order(1)
            let letters = try await fixture.letters(4)
            #expect(letters.map(\.reason) == Array(repeating: "not_configured", count: 4))
            let settings = ["outbound.smtp_url", "cache.redis", "cache.redis", "outbound.nats_url"]
            #expect(zip(letters.sorted { "\($0.id)" < "\($1.id)" }, settings).allSatisfy { $0.message.contains($1) })
        }
    }

    /// An address of an event is refused as it is, before any server hears of it.
    @Test func aRecipientThatCouldBeAnotherOneIsRefused() async throws {
        let settings = [
            "outbound.smtp_url": "smtp://127.0.0.1:1?tls=none", "outbound.smtp_from": "Shop <shop@example.com>",
        ]
        try await RoleFixture.run(settings: settings) { fixture in
            try await fixture.act(
                #"{"type": "email", "to": ["{{ status }}"], "subject": "x", "text": "x"}"#,
                #"{"type": "email", "to": ["a@example.com"], "cc": ["{{ status }}"], "subject": "x", "text": "x"}"#,
                #"{"type": "email", "to": ["a@b.example"], "reply_to": "{{ status }}", "subject": "x", "text": "x"}"#)
            try await fixture.order(1, status: #"a@example.com\r\nRCPT TO:<v@example.com>"#)
            #expect(try await fixture.outcomes(of: fixture.lastEvent, 3) == ["dead 1", "dead 1", "dead 1"])
            #expect(try await Set(fixture.letters(3).map(\.reason)) == ["email_address_invalid"])
        }
    }

    private static func settings(_ redis: RedisServer) -> [String: String] {
        ["cache.redis": redis.url, "cache.redis_timeout": "10000"]
    }

    private static func decoded(_ value: JSONValue?) -> String {
        value?.string.flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
