import Core
import Foundation
import TestKit

/// A connection to this machine that sends some bytes and then keeps silent.
final class OpenSocket: Sendable {
    private let descriptor: Int32

    init(port: UInt16, sending text: String) throws {
        guard let descriptor = Loopback.connect(to: Int(port)) else {
            throw Failure.internal("No connection to port \(port): \(String(cString: strerror(errno)))")
        }
        self.descriptor = descriptor
        let bytes = Array(text.utf8)
        guard bytes.isEmpty || send(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw Failure.internal("Nothing can be sent to port \(port): \(String(cString: strerror(errno)))")
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
