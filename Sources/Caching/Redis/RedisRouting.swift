import Core
import NIOCore

/// Which server is asked for which key, and whom to ask about that.
struct RedisRouting: Sendable {
    private enum Target: Sendable {
        case server(RedisAddress)
        case primary(RedisAddress?, service: String)
        case cluster(ClusterSlots)
    }

    /// How long to wait before the servers are asked again who has what.
    static let pause = TimeAmount.milliseconds(250)

    private var target: Target
    private let seeds: [RedisAddress]
    private var nextSource = 0
    private var isRefreshing = false
    private var refreshIsDue: NIODeadline?

    init(_ topology: RedisURL.Topology) {
        switch topology {
        case .standalone(let address, _): (target, seeds) = (.server(address), [])
        case .sentinel(let seeds, let service): (target, self.seeds) = (.primary(nil, service: service), seeds)
        case .cluster(let seeds): (target, self.seeds) = (.cluster(ClusterSlots()), seeds)
        }
    }

    /// The server that has a key, if it is known.
    func address(of key: String) -> RedisAddress? {
        switch target {
        case .server(let address): address
        case .primary(let address, _): address
        case .cluster(let slots): slots[HashSlot.of(key)]
        }
    }

    /// What must be asked of whom, in which order.
    struct Inquiry: Sendable {
        let command: RedisCommand
        let sources: [RedisAddress]
        let isCluster: Bool
    }

    /// What to ask, unless there is nothing to ask, or somebody asks already, or has just asked.
    mutating func beginInquiry(at now: NIODeadline) -> Inquiry? {
        guard !isRefreshing, refreshIsDue.map({ now >= $0 }) ?? true else { return nil }
        let command: RedisCommand
        var sources = seeds
        var isCluster = false
        switch target {
        case .server: return nil
        case .primary(_, let service): command = RedisCommand("sentinel", "get-master-addr-by-name", service)
        case .cluster(let slots):
            command = RedisCommand("cluster", "slots")
            isCluster = true
            sources += slots.nodes.filter { !seeds.contains($0) }
        }
        isRefreshing = true
        // Another one is asked first each time: one that is cut off from the rest knows only what was.
        nextSource = (nextSource + 1) % sources.count
        let order = sources[nextSource...] + sources[..<nextSource]
        return Inquiry(command: command, sources: Array(order), isCluster: isCluster)
    }

    /// The inquiry is over.
    mutating func endInquiry(at now: NIODeadline) {
        isRefreshing = false
        refreshIsDue = now + Self.pause
    }

    /// A source has answered an inquiry.
    ///
    /// - throws: ``Failure`` `redis_protocol_error` or `redis_refused` for an answer that says nothing.
    mutating func learn(_ reply: RESPValue, from source: RedisAddress) throws(Failure) {
        if case .error(let text) = reply { throw .redisRefused(text) }
        switch target {
        case .server: break
        case .cluster: target = .cluster(try ClusterSlots(reply, from: source))
        case .primary(_, let service):
            guard case .array(let parts) = reply, parts.count == 2, let host = parts[0].text, !host.isEmpty,
                let port = parts[1].text.flatMap(Int.init), (1...65_535).contains(port)
            else { throw .redisRefused("the Sentinel at \(source) knows no service \"\(service)\"") }
            target = .primary(RedisAddress(host: host, port: port), service: service)
        }
    }

    /// A node has said who has a slot.
    mutating func moved(_ slot: Int, to address: RedisAddress) {
        guard case .cluster(var slots) = target else { return }
        slots.assign(slot, to: address)
        target = .cluster(slots)
    }
}
