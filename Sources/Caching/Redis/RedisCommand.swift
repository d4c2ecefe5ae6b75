import NIOCore

/// A command, ready to be sent.
public struct RedisCommand: Sendable {
    /// What it is called in metrics: `get`.
    let name: String
    /// How it is sent.
    let bytes: ByteBuffer

    /// A command whose arguments are text.
    public init(_ name: String, _ arguments: String...) {
        var writer = RESPWriter()
        writer.begin(name.uppercased(), argumentCount: arguments.count)
        for argument in arguments { writer.write(argument) }
        self.init(name: name, bytes: writer.buffer)
    }

    /// A command whose arguments may be any bytes.
    public init(_ name: String, arguments: [[UInt8]]) {
        var writer = RESPWriter()
        writer.begin(name.uppercased(), argumentCount: arguments.count)
        for argument in arguments { writer.write(ByteBuffer(bytes: argument)) }
        self.init(name: name, bytes: writer.buffer)
    }

    private init(name: String, bytes: ByteBuffer) {
        self.name = name
        self.bytes = bytes
    }

    /// Keeps a value for a number of milliseconds.
    static func set(_ key: String, _ value: ByteBuffer, milliseconds: Int64) -> RedisCommand {
        var writer = RESPWriter(capacity: value.readableBytes + key.utf8.count + 64)
        writer.begin("SET", argumentCount: 4)
        writer.write(key)
        writer.write(value)
        writer.write("PX")
        writer.write(String(milliseconds))
        return RedisCommand(name: "set", bytes: writer.buffer)
    }
}
