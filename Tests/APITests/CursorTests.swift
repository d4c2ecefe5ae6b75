import Core
import Testing

@testable import API

/// Cursors, and the text that they and keys are made of.
@Suite struct CursorTests {
    private static let values: [[CursorValue]] = [
        [.integer(0)], [.integer(.min), .integer(.max)], [.text(""), .text("naïve – ☕️")],
        [.text(String(repeating: "x", count: 1_000)), .identifier(Identifier(high: .max, low: 1))],
    ]

    @Test(arguments: values) func aCursorReadsBack(_ values: [CursorValue]) throws {
        let text = Cursor.encode(values, fingerprint: 7)
        #expect(try Cursor.decode(text, fingerprint: 7) == values)
        #expect(throws: Failure.self) { try Cursor.decode(text, fingerprint: 8) }
        #expect(throws: Failure.self) { try Cursor.decode(String(text.dropLast()), fingerprint: 7) }
    }

    @Test func anyTextIsReadOrRefused() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...60)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = Base64URL.encode([0, 0, 0, 0, 0, 0, 0, 7] + bytes)
            let read = try? Cursor.decode(text, fingerprint: 7)
            #expect(read.map { Cursor.encode($0, fingerprint: 7) == text } ?? true, "\(text)")
        }
    }

    @Test(arguments: [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")])
    func base64IsThatOfItsRFC(_ text: String, _ encoded: String) {
        #expect(Base64URL.encode(Array(text.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(text.utf8))
    }

    @Test(arguments: ["Z", "Zh", "Zg==", "Zm9v!", "Zm8/"]) func otherTextIsNoBase64(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func aListIsKnownByItsPathAndFiltersAlone() throws {
        func fingerprint(_ query: String, _ path: Substring = "/orders") throws -> UInt64 {
            try QueryString(query[...]).fingerprint(of: path)
        }
        let list = try fingerprint("status=paid&sort=-total")
        #expect(try fingerprint("sort=-total&limit=5&status=paid&cursor=x&page=2&count=exact") == list)
        #expect(try fingerprint("status=pending&sort=-total") != list)
        #expect(try fingerprint("status=paid&sort=total") != list)
        #expect(try fingerprint("status=paid&sort=-total", "/products") != list)
    }
}
