public import Core

/// A network: all addresses that begin with the same bits (CIDR, RFC 4632).
struct NetworkRange: Hashable, Sendable {
    private let base: IPAddress
    private let prefixLength: Int

    /// Reads `10.0.0.0/8`; an address alone is the network that has only that.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let base = IPAddress(first) else { return nil }
        var length = base.width
        if parts.count == 2 {
            guard let number = Int(parts[1]), (0...base.width).contains(number), parts[1].first != "+" else {
                return nil
            }
            length = number
        }
        self.base = base
        prefixLength = length
    }

    /// Whether an address belongs to the network.
    func contains(_ address: IPAddress) -> Bool {
        guard address.family == base.family else { return false }
        return (address.bits ^ base.bits) >> UInt128(base.width - prefixLength) == 0
    }
}

/// Networks, as a setting has them: `10.1.0.0/16, 127.0.0.1/32`.
public struct NetworkRanges: SettingValue {
    private let ranges: [NetworkRange]
    public let text: String

    /// How many networks may be named.
    private static let countLimit = 256

    /// No network.
    public init() { (ranges, text) = ([], "") }

    /// Every network there is, for what the operator alone configures.
    public static let everything = NetworkRanges(text: "0.0.0.0/0, ::/0") ?? NetworkRanges()

    public init?(text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        let ranges = text.isEmpty ? [] : parts.compactMap { NetworkRange($0) }
        guard ranges.count <= Self.countLimit, text.isEmpty || ranges.count == parts.count else { return nil }
        self.ranges = ranges
        self.text = text
    }

    public static var kind: String { "networks such as 10.1.0.0/16, fd00::/8, or empty" }
    public static func < (left: NetworkRanges, right: NetworkRanges) -> Bool { left.text < right.text }

    /// Whether one of them has an address.
    func contains(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }
}
