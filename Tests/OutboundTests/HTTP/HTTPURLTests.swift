import Core
import Testing

@testable import Outbound

/// URLs are read strictly: what is not sure is refused.
@Suite struct HTTPURLTests {
    @Test func theParts() throws {
        let url = try HTTPURL("HTTPS://Shop.Example:8443/a/b?c=d&e=%20#part")
        #expect(url.destination == HTTPURL.Destination(scheme: .https, host: "shop.example", port: 8_443))
        #expect(url.target == "/a/b?c=d&e=%20")
        #expect(url.description == "https://shop.example:8443/a/b?c=d&e=%20")
    }

    @Test(arguments: [
        ("http://a", "http://a/"), ("https://a?b", "https://a/?b"), ("http://a:80/", "http://a/"),
        ("https://a:443", "https://a/"), ("http://[::1]:81/x", "http://[::1]:81/x"), ("http://a#b", "http://a/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
    ])
    func normalForms(_ text: String, _ normal: String) throws {
        #expect(try HTTPURL(text).description == normal)
    }

    @Test(arguments: [
        "", "a", "//a/", "ftp://a/", "file:///etc/passwd", "javascript:alert(1)", "http://", "http:///a", "http://:80/",
        "http://user@a/", "http://user:pass@a/", "http://a@b@c/", "http://a:0/", "http://a:65536/", "http://a:+1/",
        "http://a:x/", "http://a:/", "http://a b/", "http://bücher.example/", "http://a/ü", "http://a/b c",
        "http://a/\r\nx: y",
        "http://a\\@b/", "http://a/\\b", "http://[::1/", "http://[127.0.0.1]/", "http://[fe80::1%25eth0]/",
        "http://[::1]x/",
        "http://a%2fb/", " http://a/",
    ])
    func otherTextsAreRefused(_ text: String) {
        let failure = #expect(throws: Failure.self) { try HTTPURL(text) }
        #expect(failure?.code == "url_invalid")
    }

    @Test func theLengthIsLimited() throws {
        let start = "http://a/"
        let longest = start + String(repeating: "b", count: HTTPURL.lengthLimit - start.count)
        #expect(try HTTPURL(longest).description == longest)
        #expect(throws: Failure.self) { try HTTPURL(longest + "b") }
    }

    @Test(arguments: [
        ("x\r\ny", "z"), ("", "z"), ("a b", "z"), ("a", "b\r\nc: d"), ("a", "b\0"), ("Host", "a"),
        ("Transfer-Encoding", "chunked"), ("content-length", "1"),
    ])
    func fieldsThatMayNotBeSentAreRefused(_ name: String, _ value: String) {
        let failure = #expect(throws: Failure.self) { try HTTPHeader(name, value) }
        #expect(failure?.code == "header_invalid")
    }

    @Test func fieldsThatMayBeSent() throws {
        #expect(try HTTPHeader("X-Shop", "a\tb ü").value == "a\tb ü")
    }
}
