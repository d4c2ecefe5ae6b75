import Core
import NIOCore
import Outbound
import Synchronization

/// Names of a test, which stand for what it says.
final class FixedResolver: NameResolver {
    private let names: [String: [String]]
    private let count = Mutex(0)

    init(_ names: [String: [String]]) {
        self.names = names
    }

    /// How often a name was looked up.
    var lookups: Int { count.withLock { $0 } }

    func addresses(of host: String, port: Int, deadline: NIODeadline) async throws(Failure) -> [SocketAddress] {
        count.withLock { $0 += 1 }
        return (names[host] ?? []).compactMap { try? SocketAddress(ipAddress: $0, port: port) }
    }
}
