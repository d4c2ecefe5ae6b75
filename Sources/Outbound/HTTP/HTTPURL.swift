public import Core

/// Where a request goes: an absolute URL of the schemes `http` and `https` (RFC 3986), strictly read.
public struct HTTPURL: Hashable, Sendable {
    /// How the destination is spoken to.
    public enum Scheme: String, Sendable { case http, https }

    /// A server: what connections are made to.
    public struct Destination: Hashable, Sendable, CustomStringConvertible {
        /// How it is spoken to.
        public let scheme: Scheme
        /// Its name in lower case or its address; one of IPv6 without brackets.
        public let host: String
        /// Its port.
        public let port: Int

        public var description: String { "\(scheme.rawValue)://\(authority)" }

        /// The host, and the port unless it is that of the scheme.
        public var authority: String {
            let name = host.contains(":") ? "[\(host)]" : host
            return port == (scheme == .http ? 80 : 443) ? name : "\(name):\(port)"
        }
    }

    /// The server.
    public let destination: Destination
    /// The path with its query, at least `/`.
    public let target: String

    /// How long a URL may be, in bytes.
    public static let lengthLimit = 2_048

    /// Reads a URL. One with a name or a password for its user is refused, since it would be seen where URLs are shown;
    /// a fragment is left out, since it is never sent.
    ///
    /// - throws: ``Failure`` `url_invalid`.
    public init(_ text: String) throws(Failure) {
        guard text.utf8.count <= Self.lengthLimit else { throw .urlInvalid("is longer than \(Self.lengthLimit) bytes") }
        guard let mark = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: text[..<mark.lowerBound].lowercased())
        else { throw .urlInvalid("begins with neither http:// nor https://") }
        let rest = text[mark.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw .urlInvalid("names a user before its host; send credentials in a header field instead")
        }
        let (host, port) = try Self.split(authority)
        let target = rest[authority.endIndex...]
        guard target.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
            throw .urlInvalid("has a character in its path or query that must be written with a percent sign")
        }
        destination = Destination(scheme: scheme, host: host, port: port ?? (scheme == .http ? 80 : 443))
        self.target = target.first == "/" ? String(target) : "/\(target)"
    }

    private static func split(_ authority: Substring) throws(Failure) -> (host: String, port: Int?) {
        let host: Substring
        var rest: Substring
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw .urlInvalid("has a bracket that is not closed") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
            guard IPAddress(host)?.family == .v6 else { throw .urlInvalid("has no IPv6 address within its brackets") }
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority[host.endIndex...]
            guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy(isNameByte) else {
                throw .urlInvalid(
                    "has no host that is a name or an address; names of other scripts are written as xn--")
            }
        }
        guard !rest.isEmpty else { return (host.lowercased(), nil) }
        guard rest.removeFirst() == ":", let port = Int(rest), (1...65_535).contains(port), rest.first != "+" else {
            throw .urlInvalid("has no number from 1 to 65535 for its port")
        }
        return (host.lowercased(), port)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension HTTPURL: CustomStringConvertible {
    /// The URL in its normal form.
    public var description: String { "\(destination)\(target)" }
}
