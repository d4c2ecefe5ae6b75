import Foundation

/// What things in a graph are called: the ids of elements, the names of relations, and labels.
///
/// A text can be written in several ways that look alike, such as `é`, which may also be an `e` with an accent after
/// it. Those are equal for `String`, and for tables they are not. Names are therefore in normal form C (Unicode
/// Standard Annex 15), of which there is one of each: so two of them are equal by their bytes or not at all.
public enum GraphName {
    /// What is wrong with a text as a name; nil when nothing is.
    public static func problem(with text: String) -> String? {
        guard !text.utf8.contains(where: isControl) else {
            return "The text may not contain control characters."
        }
        guard isNormal(text) else {
            return "Send the text in Unicode's normal form C (NFC): in another it looks the same and is another text."
        }
        return nil
    }

    /// What a text is as a name: in normal form C, with spaces for control characters.
    public static func corrected(_ text: String) -> String {
        guard text.utf8.contains(where: isControl) else { return normalized(text) }
        return normalized(String(decoding: text.utf8.map { isControl($0) ? 0x20 : $0 }, as: UTF8.self))
    }

    /// A text in normal form C.
    public static func normalized(_ text: String) -> String {
        isNormal(text) ? text : text.precomposedStringWithCanonicalMapping
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    private static func isNormal(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 < 0x80 }
            || text.precomposedStringWithCanonicalMapping.utf8.elementsEqual(text.utf8)
    }
}
