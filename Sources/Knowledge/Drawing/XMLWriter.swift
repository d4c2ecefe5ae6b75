/// Writes XML 1.0.
struct XMLWriter {
    private(set) var bytes = Array(#"<?xml version="1.0" encoding="UTF-8"?>"#.utf8)

    /// Writes an element, with what the closure writes in it.
    mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:],
        _ content: (inout XMLWriter) -> Void = { _ in }
    ) {
        bytes += Array("<\(name)".utf8)
        for (name, value) in attributes {
            bytes += Array(" \(name)=\"".utf8)
            text(value)
            bytes.append(UInt8(ascii: "\""))
        }
        let start = bytes.count
        bytes.append(UInt8(ascii: ">"))
        content(&self)
        if bytes.count == start + 1 {
            bytes.replaceSubrange(start..., with: "/>".utf8)
        } else {
            bytes += Array("</\(name)>".utf8)
        }
    }

    /// Writes text, of an element or of an attribute.
    ///
    /// What XML 1.0 has no way to write, such as most control characters, becomes U+FFFD.
    mutating func text(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": bytes += Array("&amp;".utf8)
            case "<": bytes += Array("&lt;".utf8)
            case ">": bytes += Array("&gt;".utf8)
            case "\"": bytes += Array("&quot;".utf8)
            // Readers make a space or another line break of what is not written by its number.
            case "\t", "\n", "\r": bytes += Array("&#\(scalar.value);".utf8)
            case "\u{0}"..<" ", "\u{FFFE}", "\u{FFFF}": bytes += Array("\u{FFFD}".utf8)
            default: bytes += Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }
}
