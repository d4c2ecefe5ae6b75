import Core

/// The parts of the address of a server in a setting: `scheme://user:password@host:port?query`.
struct ServerURL {
    let scheme: String
    let user: String?
    let password: String?
    let host: String
    let port: Int?
    let query: String

    /// Reads an address. Percent signs stand for what cannot stand in it.
    ///
    /// - throws: ``Failure`` with a code of the caller.
    init(_ text: String, schemes: Set<String>, forms: String, code: String) throws(Failure) {
        guard let mark = text.firstRange(of: "://"), schemes.contains(String(text[..<mark.lowerBound])) else {
            throw Self.failure(code, "begins with none of \(schemes.sorted().map { "\($0)://" })", forms)
        }
        scheme = String(text[..<mark.lowerBound])
        var rest = text[mark.upperBound...]
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let user = PercentEncoding.decode(parts[0]), !user.isEmpty else {
                throw Self.failure(code, "has no user before the @; percent signs in it are written %25", forms)
            }
            self.user = user
            password = parts.count == 2 ? PercentEncoding.decode(parts[1]) : nil
            guard parts.count == 1 || !(password ?? "").isEmpty else {
                throw Self.failure(code, "has no password before the @; percent signs in it are written %25", forms)
            }
            rest = rest[rest.index(after: at)...]
        } else {
            (user, password) = (nil, nil)
        }
        let start = rest.firstIndex(of: "?")
        query = start.map { String(rest[rest.index(after: $0)...]) } ?? ""
        // The place of the host is read as that of a web page is: strictly.
        guard let url = try? HTTPURL("http://\(rest[..<(start ?? rest.endIndex)])"), url.target == "/" else {
            throw Self.failure(code, "has no host, or more than a host and a port", forms)
        }
        host = url.destination.host
        port = rest[..<(start ?? rest.endIndex)].contains(/:\d+\/?$/) ? url.destination.port : nil
    }

    static func failure(_ code: String, _ reason: String, _ forms: String) -> Failure {
        Failure(.invalid, code: code, "The address \(reason). Write \(forms).")
    }
}
