public import Core
import Foundation

/// One TCP connection to a server on this machine, for tests that need to say exactly which bytes are sent.
public final class RawConnection: Sendable {
    /// A response as it came.
    public struct Response: Sendable {
        /// The status.
        public let status: Int
        /// The fields by their names in lower case; of a repeated one the last.
        public let headers: [String: String]
        /// The body without its framing.
        public let body: [UInt8]

        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The body as an object; empty when it is none.
        public var json: JSONObject {
            guard case .object(let object) = try? JSONParser.parse(body) else { return JSONObject() }
            return object
        }

        /// The `code` of a problem document.
        public var code: String {
            if case .string(let code) = json["code"] { code } else { "" }
        }
    }

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "test connection")
    private let buffer = Buffer()

    /// What was received and not read yet. Only the queue touches it.
    private final class Buffer: @unchecked Sendable {
        var bytes: [UInt8] = []
    }

    /// Connects to a port of this machine. Reads wait for 10 seconds at most.
    public init(port: Int) throws {
        guard let descriptor = Loopback.connect(to: port) else { throw Self.failure("connect") }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Sends text as it is.
    public func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends bytes as they are.
    public func send(_ bytes: [UInt8]) async throws {
        let descriptor = descriptor
        try await run { _ in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw Self.failure("send") }
                sent += count
            }
        }
    }

    /// Closes the side of the client: it sends nothing more, and still reads.
    public func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next response.
    ///
    /// - parameter hasBody: false for the answer to `HEAD`, whose fields tell of a body that is not there.
    public func response(hasBody: Bool = true) async throws -> Response {
        try await run { buffer in
            let head = try self.take(through: Array("\r\n\r\n".utf8), buffer)
            let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
            let status = Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            }
            var body: [UInt8] = []
            if hasBody, headers["transfer-encoding"] == "chunked" {
                while let chunk = try self.takeChunk(buffer) { body += chunk }
            } else if hasBody, let length = headers["content-length"].flatMap(Int.init) {
                body = try self.take(length, buffer)
            }
            return Response(status: status, headers: headers, body: body)
        }
    }

    /// The head of a response whose body goes on, as text.
    public func head() async throws -> String {
        try await run { String(decoding: try self.take(through: Array("\r\n\r\n".utf8), $0), as: UTF8.self) }
    }

    /// The next piece of a chunked body; nil at its end.
    public func chunk() async throws -> String? {
        try await run { try self.takeChunk($0).map { String(decoding: $0, as: UTF8.self) } }
    }

    /// The next line, without its end.
    public func line() async throws -> String {
        try await run { String(decoding: try self.take(through: [13, 10], $0).dropLast(2), as: UTF8.self) }
    }

    /// Everything until the server closes the connection.
    public func rest() async throws -> String {
        try await run { buffer in
            while try self.receive(buffer) {}
            defer { buffer.bytes = [] }
            return String(decoding: buffer.bytes, as: UTF8.self)
        }
    }

    // MARK: How it works

    private func run<T: Sendable>(_ body: @escaping @Sendable (Buffer) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in continuation.resume(with: Result { try body(buffer) }) }
        }
    }

    private func takeChunk(_ buffer: Buffer) throws -> [UInt8]? {
        let line = String(decoding: try take(through: [13, 10], buffer), as: UTF8.self)
        guard let size = Int(line.trimmingCharacters(in: .whitespacesAndNewlines), radix: 16) else {
            throw Failure.internal("This is no size of a chunk: \(line)")
        }
        let chunk = try take(size, buffer)
        _ = try take(2, buffer)
        return size == 0 ? nil : chunk
    }

    private func take(through mark: [UInt8], _ buffer: Buffer) throws -> [UInt8] {
        var searched = 0
        while true {
            let bytes = buffer.bytes
            if bytes.count >= mark.count {
                for start in searched...(bytes.count - mark.count)
                where bytes[start..<start + mark.count].elementsEqual(mark) {
                    return try take(start + mark.count, buffer)
                }
                searched = bytes.count - mark.count + 1
            }
            guard try receive(buffer) else { throw Failure.internal("The server closed the connection.") }
        }
    }

    private func take(_ count: Int, _ buffer: Buffer) throws -> [UInt8] {
        while buffer.bytes.count < count {
            guard try receive(buffer) else { throw Failure.internal("The server closed the connection.") }
        }
        defer { buffer.bytes.removeFirst(count) }
        return Array(buffer.bytes.prefix(count))
    }

    /// Waits for more. Returns false when the server has closed the connection.
    private func receive(_ buffer: Buffer) throws -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count == 0 || (count < 0 && errno == ECONNRESET) { return false }
        guard count > 0 else { throw Self.failure("recv") }
        buffer.bytes += bytes[..<count]
        return true
    }

    private static func failure(_ call: String) -> Failure {
        Failure.internal("\(call): \(String(cString: strerror(errno)))")
    }
}
