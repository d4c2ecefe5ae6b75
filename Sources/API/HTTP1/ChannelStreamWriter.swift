import NIOCore
import NIOHTTPTypes
import Synchronization

/// The body of a streamed response on its way into a connection.
final class ChannelStreamWriter: APIStreamWriter {
    private let channel: any Channel
    private let writeTimeout: TimeAmount
    private let isEnding = Atomic(false)
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(_ channel: any Channel, writeTimeout: TimeAmount) {
        self.channel = channel
        self.writeTimeout = writeTimeout
    }

    var isDraining: Bool { isEnding.load(ordering: .relaxed) }

    /// Returns when the bytes are with the operating system, so a client that reads slowly slows its writer down; one
    /// that does not read at all loses its connection.
    func write(_ bytes: [UInt8]) async throws {
        let channel = channel
        let timer = channel.eventLoop.scheduleTask(in: writeTimeout) { channel.close(promise: nil) }
        defer { timer.cancel() }
        try await channel.writeAndFlush(HTTPResponsePart.body(channel.allocator.buffer(bytes: bytes))).get()
    }

    /// Lets the closure write in a task, and then calls the other one on the event loop.
    func run(
        _ write: @escaping @Sendable (any APIStreamWriter) async throws -> Void,
        then finish: @escaping @Sendable () -> Void
    ) {
        let loop = channel.eventLoop
        let running = Task { [self] in
            // A stream ends when its client has gone or the server stops; neither is anybody's failure.
            try? await write(self)
            loop.execute(finish)
        }
        task.withLock { $0 = running }
        if isDraining { running.cancel() }
    }

    /// The client has gone, or the server stops.
    func end() {
        isEnding.store(true, ordering: .relaxed)
        task.withLock { $0 }?.cancel()
    }
}
