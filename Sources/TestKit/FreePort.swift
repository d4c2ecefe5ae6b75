import Core
import Foundation

/// Ports of this machine that nobody listens on.
enum FreePort {
    /// Below those that the kernel gives to clients, so that none of them takes it in the meantime. A node of a cluster
    /// takes the port 10,000 above its own too.
    private static let range = 20_000...22_500

    /// A free port, whose neighbour 10,000 above is free as well.
    ///
    /// - throws: ``Failure`` `no_free_port`.
    static func find() throws -> Int {
        for _ in 1...1_000 {
            let port = Int.random(in: range)
            if isFree(port), isFree(port + 10_000) { return port }
        }
        throw Failure(.internal, code: "no_free_port", "No port of \(range) is free. End what listens there.")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
