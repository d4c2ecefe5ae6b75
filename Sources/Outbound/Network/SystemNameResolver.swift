public import Core
public import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Asks the system for the addresses of names, on threads of its own, and remembers answers for a few seconds.
///
/// The system cannot be told to give up, so a look-up that nobody waits for any more keeps its thread. There are few,
/// and few may wait for one: when no server of names answers, all others fail at once instead of gathering.
public final class SystemNameResolver: NameResolver {
    /// The one of this process.
    public static let shared = SystemNameResolver()

    private struct Key: Hashable {
        let host: String
        let port: Int
    }

    private struct State {
        var answers: [Key: (addresses: [SocketAddress], until: NIODeadline)] = [:]
        var running = 0
    }

    /// How long an answer is used again.
    static let memory = TimeAmount.seconds(5)
    private static let answerLimit = 1_024
    private static let threadCount = 8
    private static let lookupLimit = 64

    private let state = Mutex(State())
    private let threads: NIOThreadPool

    private init() {
        threads = NIOThreadPool(numberOfThreads: Self.threadCount)
        threads.start()
    }

    public func addresses(of host: String, port: Int, deadline: NIODeadline) async throws(Failure) -> [SocketAddress] {
        let key = Key(host: host, port: port)
        let now = NIODeadline.now()
        let known = try state.withLock { state throws(Failure) -> [SocketAddress]? in
            if let answer = state.answers[key], now < answer.until { return answer.addresses }
            guard state.running < Self.lookupLimit else { throw .nameUnresolved(host, "too many look-ups are running") }
            state.running += 1
            return nil
        }
        if let known { return known }
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = loop.makePromise(of: Result<[SocketAddress], Failure>.self)
        let timer = loop.scheduleTask(deadline: deadline) {
            promise.succeed(.failure(.timeout(during: "looking up \(host)")))
        }
        threads.submit { _ in
            let result = Self.lookUp(host, port)
            self.finish(key, result)
            promise.succeed(result)
        }
        let result: Result<[SocketAddress], Failure>
        do { result = try await promise.futureResult.get() } catch {
            result = .failure(.nameUnresolved(host, "\(error)"))
        }
        timer.cancel()
        return try result.get()
    }

    private func finish(_ key: Key, _ result: Result<[SocketAddress], Failure>) {
        let now = NIODeadline.now()
        state.withLock { state in
            state.running -= 1
            guard case .success(let addresses) = result else { return }
            if state.answers.count >= Self.answerLimit { state.answers = state.answers.filter { now < $0.value.until } }
            if state.answers.count >= Self.answerLimit { state.answers.removeAll() }
            state.answers[key] = (addresses, now + Self.memory)
        }
    }

    private static func lookUp(_ host: String, _ port: Int) -> Result<[SocketAddress], Failure> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = numericCast(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var first: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &first)
        guard code == 0 else { return .failure(.nameUnresolved(host, String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(first) }
        var addresses: [SocketAddress] = []
        var next = first
        while let entry = next {
            if let raw = entry.pointee.ai_addr {
                switch Int32(entry.pointee.ai_family) {
                case AF_INET:
                    raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                        addresses.append(SocketAddress(address.pointee, host: host))
                    }
                case AF_INET6:
                    raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                        addresses.append(SocketAddress(address.pointee, host: host))
                    }
                default: break
                }
            }
            next = entry.pointee.ai_next
        }
        for index in addresses.indices { addresses[index].port = port }
        return .success(addresses)
    }
}
