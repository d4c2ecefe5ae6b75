import Core
import Foundation

/// Sockets between programs of this machine, which no other program inherits.
public enum Loopback {
    /// A socket that listens.
    ///
    /// - parameters:
    ///   - port: 0 takes a free one.
    ///   - backlog: how many connections wait to be accepted.
    /// - throws: ``Failure`` `internal` when the port is taken.
    public static func listen(on port: Int = 0, backlog: Int32 = 128) throws -> (descriptor: Int32, port: Int) {
        let descriptor = makeSocket()
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, to: port), Foundation.listen(descriptor, backlog) == 0 else {
            defer { close(descriptor) }
            throw Failure.internal("Nothing can listen on port \(port): \(String(cString: strerror(errno)))")
        }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A connection to a port; nil when nobody listens there.
    public static func connect(to port: Int) -> Int32? {
        let descriptor = makeSocket()
        guard withAddress(port, { Foundation.connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Whether nobody listens on a port.
    static func isFree(_ port: Int) -> Bool {
        let descriptor = makeSocket()
        defer { close(descriptor) }
        return bind(descriptor, to: port)
    }

    private static func makeSocket() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func bind(_ descriptor: Int32, to port: Int) -> Bool {
        withAddress(port) { Foundation.bind(descriptor, $0, $1) } == 0
    }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
