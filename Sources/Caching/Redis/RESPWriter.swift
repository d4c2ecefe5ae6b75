import NIOCore

/// Writes commands as Redis reads them: an array of strings (RESP2).
struct RESPWriter {
    /// What was written so far.
    private(set) var buffer: ByteBuffer

    /// A writer with room for a number of bytes.
    init(capacity: Int = 64) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// Begins a command with its name and tells how many arguments follow.
    mutating func begin(_ name: String, argumentCount: Int) {
        head("*", argumentCount + 1)
        write(name)
    }

    /// Writes an argument that is text.
    mutating func write(_ text: String) {
        head("$", text.utf8.count)
        buffer.writeString(text)
        buffer.writeString("\r\n")
    }

    /// Writes an argument that is bytes.
    mutating func write(_ bytes: ByteBuffer) {
        head("$", bytes.readableBytes)
        buffer.writeImmutableBuffer(bytes)
        buffer.writeString("\r\n")
    }

    private mutating func head(_ type: String, _ count: Int) {
        buffer.writeString("\(type)\(count)\r\n")
    }
}
