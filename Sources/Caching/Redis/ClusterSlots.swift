import Core

/// Which node of a cluster has which slots, as far as is known.
struct ClusterSlots: Sendable {
    /// How many nodes a cluster may have (its specification speaks of about 1,000).
    static let nodeLimit = 1_024
    private static let unknown = UInt16.max

    /// The nodes, in no order.
    private(set) var nodes: [RedisAddress] = []
    private var owners = [UInt16](repeating: Self.unknown, count: HashSlot.count)

    /// Nothing is known.
    init() {}

    /// Reads the answer to `CLUSTER SLOTS`: an array of first slot, last slot, primary and replicas.
    ///
    /// - parameter asked: the node that answered; one whose host is empty is at the same.
    /// - throws: ``Failure`` `redis_protocol_error`.
    init(_ reply: RESPValue, from asked: RedisAddress) throws(Failure) {
        guard case .array(let ranges) = reply else { throw Self.unreadable }
        for range in ranges {
            guard case .array(let parts) = range, parts.count >= 3, case .integer(let first) = parts[0],
                case .integer(let last) = parts[1], case .array(let primary) = parts[2], primary.count >= 2,
                case .integer(let port) = primary[1], 0 <= first, first <= last, last < HashSlot.count,
                (1...65_535).contains(port)
            else { throw Self.unreadable }
            let host = primary[0].text ?? ""
            let address = RedisAddress(host: host.isEmpty ? asked.host : host, port: Int(port))
            for slot in Int(first)...Int(last) { assign(slot, to: address) }
        }
    }

    /// The node that has a slot.
    subscript(slot: Int) -> RedisAddress? {
        let owner = owners[slot]
        return owner == Self.unknown ? nil : nodes[Int(owner)]
    }

    /// A node has a slot now.
    mutating func assign(_ slot: Int, to address: RedisAddress) {
        guard owners.indices.contains(slot) else { return }
        if let node = nodes.firstIndex(of: address) {
            owners[slot] = UInt16(node)
        } else if nodes.count < Self.nodeLimit {
            owners[slot] = UInt16(nodes.count)
            nodes.append(address)
        }
    }

    private static var unreadable: Failure { .redisProtocol("the answer to CLUSTER SLOTS cannot be read") }
}
