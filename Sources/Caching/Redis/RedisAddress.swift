import Core

/// Where a Redis server or a Sentinel listens.
public struct RedisAddress: Hashable, Sendable {
    /// The name or the number of the machine; an IPv6 number without brackets.
    public let host: String
    /// The port.
    public let port: Int

    /// An address by its parts.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host`, `host:port` or `[::1]:port` of a URL.
    ///
    /// - throws: ``Failure`` `redis_url_invalid`.
    init(_ text: Substring, defaultPort: Int) throws(Failure) {
        var port = defaultPort
        var host = text
        if text.first == "[", let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if !rest.isEmpty { port = try Self.port(rest.dropFirst(), in: text, isMarked: rest.first == ":") }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = try Self.port(text[text.index(after: colon)...], in: text, isMarked: true)
        }
        guard !host.isEmpty else { throw .redisURLInvalid("names no host in \"\(text)\"") }
        self.init(host: String(host), port: port)
    }

    /// Reads the address of a redirection, `host:port`. The host may be an IPv6 number, and it is empty where it is the
    /// one that was asked.
    init?(redirection text: Substring, from asked: RedisAddress) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        let host = text[..<colon]
        self.init(host: host.isEmpty ? asked.host : String(host), port: port)
    }

    private static func port(_ text: Substring, in whole: Substring, isMarked: Bool) throws(Failure) -> Int {
        guard isMarked, let port = Int(text), (1...65_535).contains(port) else {
            throw .redisURLInvalid("has no port from 1 to 65535 in \"\(whole)\"")
        }
        return port
    }
}

extension RedisAddress: CustomStringConvertible {
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
