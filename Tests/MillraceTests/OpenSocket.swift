import Core
import Foundation

/// A connection to this machine that sends some bytes and then keeps silent.
final class OpenSocket: Sendable {
    private let descriptor: Int32

    init(port: UInt16, sending text: String) throws {
        #if os(Linux)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        let bytes = Array(text.utf8)
        guard result == 0, bytes.isEmpty || send(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw Failure.internal("No connection to port \(port): \(String(cString: strerror(errno)))")
        }
    }

    /// The next bytes that come.
    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    func close() {
        Foundation.close(descriptor)
    }
}
