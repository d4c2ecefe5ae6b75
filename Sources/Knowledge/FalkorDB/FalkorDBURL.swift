import Caching
public import Core

/// Where a FalkorDB server is, and how to log in: a Redis server that has it as a module.
public struct FalkorDBURL: SettingText, Equatable {
    let redis: RedisURL

    public static var forms: String { "redis://[user:password@]host:port" }

    /// Reads an address.
    ///
    /// - throws: ``Failure`` `falkordb_url_invalid` that says what would be right.
    public init(_ text: String) throws(Failure) {
        do { redis = try RedisURL(text) } catch { throw Self.invalid }
        guard redis.server != nil else { throw Self.invalid }
    }

    private static var invalid: Failure {
        Failure(
            .invalid, code: "falkordb_url_invalid",
            "One FalkorDB server is named by \(forms); percent signs in the password are written %25.")
    }
}

/// Several FalkorDB servers, their addresses one after the other with commas between them.
public struct FalkorDBURLs: SettingText, Equatable {
    let servers: [FalkorDBURL]

    public static var forms: String { "\(FalkorDBURL.forms),…" }

    /// How many there may be.
    private static let limit = 16

    /// Reads the addresses.
    ///
    /// - throws: ``Failure`` `falkordb_url_invalid`.
    public init(_ text: String) throws(Failure) {
        var servers: [FalkorDBURL] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            servers.append(try FalkorDBURL(String(part)))
        }
        guard servers.count <= Self.limit else {
            throw Failure(.invalid, code: "falkordb_url_invalid", "More than \(Self.limit) servers are named.")
        }
        self.servers = servers
    }
}

/// What the names of graphs begin with in a FalkorDB.
public struct GraphPrefix: SettingText, Equatable {
    let text: String

    public static var forms: String { "up to 100 letters, digits, points, - and _" }

    /// Reads one.
    ///
    /// - throws: ``Failure`` `graph_prefix_invalid`.
    public init(_ text: String) throws(Failure) {
        let isFit = text.utf8.count <= 100 && text.wholeMatch(of: /[A-Za-z0-9._-]+/) != nil
        guard isFit else {
            throw Failure(.invalid, code: "graph_prefix_invalid", "The names of graphs begin with \(Self.forms).")
        }
        self.text = text
    }
}
