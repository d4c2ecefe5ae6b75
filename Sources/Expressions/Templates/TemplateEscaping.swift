import Core

/// Where the text of a template goes, which decides how the values in it are escaped. The text around them never is.
public enum TemplateEscaping: String, Sendable, CaseIterable {
    /// A JSON document. Values stand within its strings; `| json` puts a whole value where one is expected.
    case json
    /// The text of an HTML element, or an attribute in quotes.
    case html
    /// A part of the path or the query of a URL.
    case url
    /// A message of Slack, where `&`, `<` and `>` have a meaning.
    case slack
    /// The value of a header of HTTP or of a message, which is one line.
    case header
    /// Plain text of several lines.
    case text
    /// Anything: values stay as they are.
    case none

    /// Escapes a text for where it goes.
    public func escape(_ text: String) -> String {
        switch self {
        case .none: text
        case .json: Self.jsonContent(text)
        case .html: Self.replacing(text) { Self.markup[$0] ?? Self.quotes[$0] }
        case .slack: Self.replacing(text) { Self.markup[$0] }
        case .url: Self.percentEncoded(text)
        case .header: Self.replacing(text) { $0.isControl ? "" : nil }
        case .text: Self.replacing(text) { $0.isControl && $0 != "\n" && $0 != "\t" ? "" : nil }
        }
    }

    private static let markup: [Unicode.Scalar: String] = ["&": "&amp;", "<": "&lt;", ">": "&gt;"]
    private static let quotes: [Unicode.Scalar: String] = ["\"": "&quot;", "'": "&#39;"]

    private static func replacing(_ text: String, _ replacement: (Unicode.Scalar) -> String?) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let replacement = replacement(scalar) {
                result.append(contentsOf: replacement.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// The content of a JSON string, without its quotes.
    private static func jsonContent(_ text: String) -> String {
        String(decoding: JSONText.of(.string(text)).utf8.dropFirst().dropLast(), as: UTF8.self)
    }

    /// Percent-encodes all bytes but the unreserved ones (RFC 3986, section 2.3).
    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26
            if isLetter || byte.isDigit || "-._~".utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Unicode.Scalar {
    /// Whether it is of the control characters, C0, DEL and C1, or separates lines or paragraphs.
    fileprivate var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
    }
}
