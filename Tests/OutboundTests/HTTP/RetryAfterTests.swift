import Core
import Testing

@testable import Outbound

/// How long a server asks to wait, in each form that it may say so.
@Suite struct RetryAfterTests {
    private let now = Timestamp("1994-11-06T08:49:00Z") ?? .earliest

    @Test(arguments: [
        ("0", 0), ("120", 120), ("99999999999999999999999", 31_536_000),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sunday, 06-Nov-94 08:49:37 GMT", 37), ("Sun Nov  6 08:49:37 1994", 37),
        ("Sun, 06 Nov 1994 08:48:00 GMT", 0), ("Mon, 06 Nov 1995 08:49:00 GMT", 31_536_000),
        ("Tue, 06 Nov 2040 08:49:00 GMT", 31_536_000),
    ])
    func waits(_ text: String, _ seconds: Int64) {
        #expect(RetryAfter.read(text, now: now) == .seconds(seconds))
    }

    @Test(arguments: ["", "-1", "1.5", "soon", "Sun, 06 Nob 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT", "٣"])
    func otherTextsSayNothing(_ text: String) {
        #expect(RetryAfter.read(text, now: now) == nil)
    }

    /// A year of two digits that would be more than 50 years ahead is one of the century before (RFC 9110, 5.6.7).
    @Test func yearsOfTwoDigits() {
        #expect(HTTPDate.read("Sunday, 06-Nov-44 08:49:37 GMT", now: now)?.description.prefix(4) == "1944")
        #expect(HTTPDate.read("Sunday, 06-Nov-94 08:49:37 GMT", now: now)?.description.prefix(4) == "1994")
    }
}
