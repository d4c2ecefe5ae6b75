import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An address of the Internet Protocol as a number.
struct IPAddress: Hashable, Sendable {
    enum Family: Sendable { case v4, v6 }

    let family: Family
    /// The 32 or 128 bits of the address, as a number.
    let bits: UInt128

    init(family: Family, bits: UInt128) {
        self.family = family
        self.bits = bits
    }

    /// Reads the usual form: `192.0.2.1` or `2001:db8::1`. The short and numeric forms of IPv4 are no addresses here.
    init?(_ text: some StringProtocol) {
        if let bits = Self.bits(of: String(text), AF_INET, count: 4) {
            self.init(family: .v4, bits: bits)
        } else if let bits = Self.bits(of: String(text), AF_INET6, count: 16) {
            self.init(family: .v6, bits: bits)
        } else {
            return nil
        }
    }

    private static func bits(of text: String, _ family: Int32, count: Int) -> UInt128? {
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { bytes in
            guard inet_pton(family, text, bytes.baseAddress) == 1 else { return nil }
            return bytes.reduce(0) { $0 << 8 | UInt128($1) }
        }
    }

    /// The address of a socket; nil when it is none of the Internet.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(text)
    }

    /// How many bits an address of the family has.
    var width: Int { family == .v4 ? 32 : 128 }

    /// The IPv4 address that this one stands for on the way: mapped (RFC 4291, 2.5.5.2), translated (NAT64, RFC 6052)
    /// or tunnelled (6to4, RFC 3056).
    var embedded: IPAddress? {
        guard family == .v6 else { return nil }
        if bits >> 32 == 0xFFFF || bits >> 32 == 0x64_FF9B << 64 {
            return IPAddress(family: .v4, bits: bits & 0xFFFF_FFFF)
        }
        return bits >> 112 == 0x2002 ? IPAddress(family: .v4, bits: bits >> 80 & 0xFFFF_FFFF) : nil
    }
}
