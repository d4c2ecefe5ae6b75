import Core
import Foundation

/// The sockets of a ``NetworkProxy``, on its thread.
struct ProxyRelay {
    private let port: Int
    private let server: Int
    private let alarm: Int32
    private var listener: Int32?
    private var condition = NetworkProxy.Condition.open
    private var connections: [ProxyConnection] = []

    init(port: Int, server: Int, alarm: Int32) throws {
        (self.port, self.server, self.alarm) = (port, server, alarm)
        listener = try Loopback.listen(on: port).descriptor
    }

    /// Makes the network behave as a condition says.
    mutating func apply(_ next: NetworkProxy.Condition) {
        guard next != condition else { return }
        condition = next
        if next == .cut {
            close()
        } else if listener == nil {
            // Who finds the port taken sees it: nobody can connect.
            listener = (try? Loopback.listen(on: port))?.descriptor
        }
    }

    /// Waits until there is something to do, and does it.
    mutating func pass() {
        let now = ContinuousClock.now
        let works = condition != .partitioned
        var entries = [
            pollfd(fd: alarm, events: Int16(POLLIN), revents: 0),
            pollfd(fd: works ? listener ?? -1 : -1, events: Int16(POLLIN), revents: 0),
        ]
        for connection in connections { entries += works ? connection.interests(at: now) : [] }
        let due = works ? connections.compactMap(\.nextDue).filter { $0 > now }.min() : nil
        let pause = due.map { Int32(clamping: Int(($0 - now) / .milliseconds(1)) + 1) } ?? -1
        guard poll(&entries, nfds_t(entries.count), pause) >= 0 else { return }
        if entries[0].revents != 0 { Socket.drain(alarm) }
        guard works else { return }
        for index in connections.indices {
            connections[index].pass(entries[2 + 2 * index], entries[3 + 2 * index], delay: delay)
        }
        for connection in connections where connection.isDone { connection.close() }
        connections.removeAll(where: \.isDone)
        if entries[1].revents != 0 { accept() }
    }

    /// Resets all connections and listens no more.
    mutating func close() {
        if let listener { Foundation.close(listener) }
        listener = nil
        for connection in connections { connection.reset() }
        connections = []
    }

    private var delay: Duration {
        if case .delayed(let duration) = condition { duration } else { .zero }
    }

    private mutating func accept() {
        guard let listener else { return }
        let client = Foundation.accept(listener, nil, nil)
        guard client >= 0 else { return }
        guard let target = Loopback.connect(to: server) else {
            Socket.reset(client)
            return
        }
        connections.append(ProxyConnection(client: client, server: target))
    }
}

/// One connection through a ``NetworkProxy``: two sockets and what is on its way between them.
private struct ProxyConnection {
    private let sockets: [Int32]
    /// What goes from the client to the server, and what comes back.
    private var lines = [DelayLine(), DelayLine()]
    private var isBroken = false

    init(client: Int32, server: Int32) {
        sockets = [client, server]
        for socket in sockets { Socket.prepare(socket) }
    }

    var nextDue: ContinuousClock.Instant? { lines.compactMap(\.nextDue).min() }
    var isDone: Bool { isBroken || lines.allSatisfy(\.isDone) }

    /// What each socket is to be watched for: the client's reads what goes to the server, and takes what comes back.
    func interests(at now: ContinuousClock.Instant) -> [pollfd] {
        [0, 1].map { side in
            let events =
                (lines[side].takesMore ? Int16(POLLIN) : 0) | (lines[1 - side].isDue(at: now) ? Int16(POLLOUT) : 0)
            // A socket that is watched for nothing would still tell of its end, again and again.
            return pollfd(fd: events == 0 ? -1 : sockets[side], events: events, revents: 0)
        }
    }

    mutating func pass(_ client: pollfd, _ server: pollfd, delay: Duration) {
        for (side, entry) in [client, server].enumerated() where entry.revents != 0 {
            if entry.events & Int16(POLLIN) != 0 { receive(side, delay) }
        }
        for side in [0, 1] where !isBroken { deliver(side) }
    }

    func close() {
        guard !isBroken else { return reset() }
        for socket in sockets { Foundation.close(socket) }
    }

    func reset() {
        for socket in sockets { Socket.reset(socket) }
    }

    private mutating func receive(_ side: Int, _ delay: Duration) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(sockets[side], &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0 {
            if errno != EAGAIN, errno != EINTR { isBroken = true }
            return
        }
        lines[side].append(buffer[..<count], arrivingAt: .now + delay)
    }

    private mutating func deliver(_ side: Int) {
        let target = sockets[1 - side]
        while let part = lines[side].due(at: .now) {
            guard !part.isEmpty else {
                shutdown(target, Int32(SHUT_WR))
                lines[side].finish()
                return
            }
            let count = part.withUnsafeBytes {
                send(target, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else {
                if errno != EAGAIN, errno != EINTR { isBroken = true }
                return
            }
            lines[side].remove(count)
        }
    }
}

/// Bytes on their way in one direction, with the times at which they arrive. It does no I/O.
struct DelayLine {
    private var parts: [(bytes: ArraySlice<UInt8>, due: ContinuousClock.Instant)] = []
    private var size = 0
    private var hasEnd = false
    /// Whether everything has arrived, the end too.
    private(set) var isDone = false

    /// How many bytes are on their way at most; the sender waits then.
    static let limit = 1 << 20

    /// Whether more may be sent.
    var takesMore: Bool { !hasEnd && size < Self.limit }
    /// When the next bytes arrive.
    var nextDue: ContinuousClock.Instant? { parts.first?.due }

    /// Sends bytes; none at all mean the end.
    mutating func append(_ bytes: ArraySlice<UInt8>, arrivingAt due: ContinuousClock.Instant) {
        // Nothing overtakes what was sent before, even if the link has become faster.
        parts.append((bytes, max(due, parts.last?.due ?? due)))
        size += bytes.count
        hasEnd = hasEnd || bytes.isEmpty
    }

    func isDue(at now: ContinuousClock.Instant) -> Bool { nextDue.map { $0 <= now } ?? false }

    /// The bytes that have arrived next; empty ones are the end.
    func due(at now: ContinuousClock.Instant) -> ArraySlice<UInt8>? { isDue(at: now) ? parts.first?.bytes : nil }

    /// Notes that so many of the bytes of ``due(at:)`` were taken.
    mutating func remove(_ count: Int) {
        size -= count
        parts[0].bytes.removeFirst(count)
        if parts[0].bytes.isEmpty { parts.removeFirst() }
    }

    /// Notes that the end was taken.
    mutating func finish() {
        parts.removeFirst()
        isDone = true
    }
}

/// What is done to the sockets of the two sides.
private enum Socket {
    /// Sends what is there at once: the only delay is the one that the test wants.
    static func prepare(_ descriptor: Int32) {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Closes a connection so that the other side sees a reset and not an end.
    static func reset(_ descriptor: Int32) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
    }

    /// Reads what one read gives and forgets it.
    static func drain(_ descriptor: Int32) {
        var bytes = [UInt8](repeating: 0, count: 256)
        _ = read(descriptor, &bytes, bytes.count)
    }
}
