import Core
import HTTPTypes

/// By which names a request is found again: its own, and that of the trace it belongs to.
struct RequestIdentity: Sendable {
    /// As in `X-Request-Id`.
    let requestID: String
    /// As in `traceparent` (W3C Trace Context, section 3.2).
    let traceparent: String

    /// The 32 hexadecimal digits of the trace.
    var traceID: String { String(traceparent.dropFirst(3).prefix(32)) }

    /// How long a request identifier of a client may be.
    static let lengthLimit = 128

    /// What the client gave, where it is valid, else names made from a fresh identifier.
    init(_ headers: RequestHeaders, fresh: () -> Identifier) {
        let given = headers[.requestID].flatMap { Self.isVisible($0) ? $0 : nil }
        let parent = headers[.traceparent].flatMap { Self.isTraceparent($0) ? $0 : nil }
        if let given, let parent {
            requestID = given
            traceparent = parent
            return
        }
        let identifier = fresh()
        requestID = given ?? identifier.description
        traceparent = parent ?? Self.traceparent(identifier)
    }

    /// Text of 1 to 128 visible ASCII characters: nothing that could break a log line or a header.
    private static func isVisible(_ text: String) -> Bool {
        (1...lengthLimit).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// `00-<32 digits>-<16 digits>-<2 digits>` in lower case, where neither identifier is all zeros.
    private static func isTraceparent(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", parts.map(\.utf8.count) == [2, 32, 16, 2] else { return false }
        let isHexadecimal = parts.allSatisfy { part in
            part.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
        }
        return isHexadecimal && parts[1].contains { $0 != "0" } && parts[2].contains { $0 != "0" }
    }

    /// A trace that begins here: a time-ordered identifier is a valid trace identifier, and its random half names the
    /// span.
    private static func traceparent(_ identifier: Identifier) -> String {
        let high = hexadecimal(identifier.high)
        let low = hexadecimal(identifier.low)
        return "00-\(high)\(low)-\(low)-01"
    }

    /// The 16 digits of a number.
    private static func hexadecimal(_ number: UInt64) -> String {
        let alphabet: StaticString = "0123456789abcdef"
        return String(unsafeUninitializedCapacity: 16) { buffer in
            for place in 0..<16 { buffer[place] = alphabet.utf8Start[Int(number >> UInt64(60 - 4 * place) & 0xF)] }
            return 16
        }
    }
}
