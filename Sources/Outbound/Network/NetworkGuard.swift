public import Core
public import NIOCore

/// Keeps what tenants configure from reaching into the network of the server (server-side request forgery).
///
/// It looks up a name and gives only addresses that are public, or allowed by `outbound.allowed_networks`. Whoever
/// connects to exactly these cannot be led elsewhere by a name that changes its mind in between (DNS rebinding).
public struct NetworkGuard: Sendable {
    private let allowed: NetworkRanges
    private let resolver: any NameResolver

    /// A guard that allows some networks beside the public ones.
    public init(allowed: NetworkRanges, resolver: any NameResolver = SystemNameResolver.shared) {
        self.allowed = allowed
        self.resolver = resolver
    }

    /// The addresses of a host that may be connected to, the preferred ones first.
    ///
    /// - throws: ``Failure`` `address_refused` when none may be used, `name_unresolved` or `timeout`.
    public func addresses(of host: String, port: Int, deadline: NIODeadline) async throws(Failure) -> [SocketAddress] {
        let addresses: [SocketAddress]
        if let literal = IPAddress(host), let address = try? SocketAddress(ipAddress: host, port: port) {
            guard permits(literal) else { throw .addressRefused(host) }
            return [address]
        } else {
            addresses = try await resolver.addresses(of: host, port: port, deadline: deadline)
        }
        let usable = addresses.filter { IPAddress($0).map(permits) ?? false }
        guard !usable.isEmpty else { throw .addressRefused(host) }
        return usable
    }

    func permits(_ address: IPAddress) -> Bool {
        if allowed.contains(address) { return true }
        if let embedded = address.embedded { return permits(embedded) }
        switch address.family {
        case .v4: return !Self.special4.contains { $0.contains(address) }
        case .v6:
            return Self.global6.contains { $0.contains(address) } && !Self.special6.contains { $0.contains(address) }
        }
    }

    /// What is not public (IANA, "IPv4 Special-Purpose Address Registry"), multicast, and Azure's metadata server,
    /// which has a public address. Those of other clouds are within these networks.
    private static let special4 = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
    ].compactMap { NetworkRange($0) }

    /// What is given out at all (IANA, "IPv6 Global Unicast Address Assignments").
    private static let global6 = ["2000::/3"].compactMap { NetworkRange($0) }

    /// What of it is not public: protocols with Teredo, and documentation.
    private static let special6 = ["2001::/23", "2001:db8::/32", "3fff::/20"].compactMap { NetworkRange($0) }
}
