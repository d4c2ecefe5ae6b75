import Core

/// A URL in two parts: the server, and what is asked of it.
struct LoadURL {
    /// The server, such as `http://127.0.0.1:8080`.
    let server: String
    /// The path with its query, at least `/`.
    let path: String

    /// Divides a URL.
    ///
    /// - throws: ``Failure`` `url_invalid`.
    init(_ text: String) throws {
        guard let mark = text.firstRange(of: "://") else {
            throw Failure(
                .invalid, code: "url_invalid", "\(text) is no URL. Give one such as http://127.0.0.1:8080/health.")
        }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        server = String(text[..<end])
        let path = text[end...].prefix { $0 != "#" }
        self.path = path.first == "/" ? String(path) : "/\(path)"
    }
}
