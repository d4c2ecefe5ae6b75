import Core

/// Ports of this machine that nobody listens on.
public enum FreePort {
    /// Below those that the kernel gives to clients, so that none of them takes it in the meantime. A node of a cluster
    /// takes the port 10,000 above its own too.
    private static let range = 20_000...22_500

    /// A free port, whose neighbour 10,000 above is free as well.
    ///
    /// - throws: ``Failure`` `no_free_port`.
    public static func find() throws -> Int {
        for _ in 1...1_000 {
            let port = Int.random(in: range)
            if Loopback.isFree(port), Loopback.isFree(port + 10_000) { return port }
        }
        throw Failure(.internal, code: "no_free_port", "No port of \(range) is free. End what listens there.")
    }
}
