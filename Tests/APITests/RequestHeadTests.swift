import HTTPTypes
import NIOHTTP1
import Testing

@testable import API

/// What is read of a request's first line and its fields.
@Suite struct RequestHeadTests {
    @Test(arguments: [
        ("/a/b?x=1&y=2", "/a/b", "x=1&y=2"), ("/a?", "/a", ""), ("/a?b?c", "/a", "b?c"), ("/", "/", ""),
        ("http://shop.example/a?x=1", "/a", "x=1"), ("HTTPS://shop.example:8080/a/b", "/a/b", ""),
        ("http://shop.example", "/", ""), ("http://shop.example?x=1", "/", "x=1"), ("*", "*", ""), ("", "", ""),
        ("//a/b", "//a/b", ""), ("a/b", "a/b", ""), ("/%C3%A9?q=%C3%A9", "/%C3%A9", "q=%C3%A9"),
    ])
    func aTargetHasAPathAndAQuery(_ text: String, _ path: String, _ query: String) {
        let target = RequestTarget(text)
        #expect(target.path == path)
        #expect(target.query == query)
    }

    @Test func fieldsAreFoundWhateverTheirCase() {
        let headers = RequestHeaders([
            "X-API-KEY": "one", "if-match": "\"3\"", "X-Request-Ie": "no", "x-request-id": "two", "Accept": "a",
            "accept": "b",
        ])
        #expect(headers[.apiKey] == "one")
        #expect(headers[.ifMatch] == "\"3\"")
        #expect(headers[.requestID] == "two")
        #expect(headers[.accept] == "a, b")
        #expect(headers[.authorization] == nil)
    }

    @Test func everyMethodKeepsItsName() {
        for method in [HTTPMethod.GET, .POST, .PUT, .PATCH, .DELETE, .HEAD, .OPTIONS, .TRACE, .RAW(value: "PURGE")] {
            let head = RequestHead(HTTPRequestHead(version: .http1_1, method: method, uri: "/"))
            #expect(head.method.rawValue == method.rawValue)
        }
    }
}
