public import Core

/// Which Redis to use, and how to log in: one server, the primary that Sentinels name, or a cluster.
public struct RedisURL: SettingText, Equatable {
    enum Topology: Sendable, Equatable {
        case standalone(RedisAddress, database: Int)
        case sentinel([RedisAddress], service: String)
        case cluster([RedisAddress])
    }

    /// Who logs in. Sentinels are asked without.
    struct Login: Sendable, Equatable {
        let user: String?
        let password: String
    }

    let topology: Topology
    let login: Login?

    /// The address of the server, where it names one; nil of Sentinels and clusters.
    public var server: RedisAddress? {
        if case .standalone(let address, _) = topology { address } else { nil }
    }

    /// How an address is written.
    public static let forms =
        "redis://[user:password@]host:port[/database], redis+sentinel://[user:password@]host:port,host:port/service, "
        + "or redis+cluster://[user:password@]host:port,host:port"

    /// How many addresses may be named.
    private static let addressLimit = 64

    /// Reads one of the three forms.
    ///
    /// - throws: ``Failure`` `redis_url_invalid` that says what would be right.
    public init(_ text: String) throws(Failure) {
        guard let mark = text.firstRange(of: "://") else { throw .redisURLInvalid("is no URL") }
        var rest = text[mark.upperBound...]
        login = try Self.takeLogin(&rest)
        let slash = rest.firstIndex(of: "/")
        let path = slash.map { rest[rest.index(after: $0)...] } ?? ""
        let hosts = rest[..<(slash ?? rest.endIndex)]
        switch text[..<mark.lowerBound] {
        case "redis":
            let addresses = try Self.addresses(hosts, defaultPort: 6_379)
            guard addresses.count == 1 else { throw .redisURLInvalid("names more than one server after redis://") }
            topology = .standalone(addresses[0], database: try Self.database(path))
        case "redis+sentinel":
            guard !path.isEmpty, !path.contains("/") else {
                throw .redisURLInvalid("does not name the service whose primary the Sentinels know")
            }
            topology = .sentinel(try Self.addresses(hosts, defaultPort: 26_379), service: String(path))
        case "redis+cluster":
            guard path.isEmpty else { throw .redisURLInvalid("names a database, and a cluster has only one") }
            topology = .cluster(try Self.addresses(hosts, defaultPort: 6_379))
        case let scheme:
            throw .redisURLInvalid("begins with \(scheme)://, which is unknown")
        }
    }

    private static func takeLogin(_ rest: inout Substring) throws(Failure) -> Login? {
        guard let mark = rest.lastIndex(of: "@") else { return nil }
        let parts = rest[..<mark].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        rest = rest[rest.index(after: mark)...]
        guard parts.count == 2, let user = PercentEncoding.decode(parts[0]),
            let password = PercentEncoding.decode(parts[1]), !password.isEmpty
        else {
            throw .redisURLInvalid("has no user:password before the @; percent signs in them are written %25")
        }
        return Login(user: user.isEmpty ? nil : user, password: password)
    }

    private static func addresses(_ hosts: Substring, defaultPort: Int) throws(Failure) -> [RedisAddress] {
        var addresses: [RedisAddress] = []
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
            addresses.append(try RedisAddress(host, defaultPort: defaultPort))
        }
        guard addresses.count <= addressLimit else {
            throw .redisURLInvalid("names more than \(addressLimit) servers")
        }
        return addresses
    }

    private static func database(_ path: Substring) throws(Failure) -> Int {
        if path.isEmpty { return 0 }
        guard let number = Int(path), (0...65_535).contains(number) else {
            throw .redisURLInvalid("has \"\(path)\" for the number of its database")
        }
        return number
    }
}
