import Foundation

/// The path of a request, whose parts and values may be anything that somebody typed.
struct RequestPath {
    /// The path, escaped.
    let text: String

    /// - parameters:
    ///   - base: the beginning, as it is.
    ///   - segments: what follows, each one segment.
    ///   - query: names and values; those without a value are left out.
    init(_ base: String, _ segments: String..., query: [(name: String, value: String?)] = []) {
        let path = ([base] + segments.map(Self.escaped)).joined(separator: "/")
        let pairs = query.compactMap { pair in pair.value.map { "\(pair.name)=\(Self.escaped($0))" } }
        text = pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
    }

    /// A text with everything escaped but what has no meaning in an address (RFC 3986, section 2.3).
    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
