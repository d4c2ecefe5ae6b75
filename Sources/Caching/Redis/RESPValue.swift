public import NIOCore

/// A reply of Redis in its protocol, RESP2 (redis.io, "Redis serialization protocol specification").
public enum RESPValue: Sendable, Equatable {
    /// A short text, such as `OK`.
    case simpleString(String)
    /// What went wrong, such as `READONLY You can't write against a read only replica.`
    case error(String)
    /// A whole number.
    case integer(Int64)
    /// Any bytes.
    case bulkString(ByteBuffer)
    /// There is no value.
    case null
    /// Several values.
    case array([RESPValue])
}

extension RESPValue {
    /// The text of a string, simple or not; nil of anything else.
    public var text: String? {
        switch self {
        case .simpleString(let text): text
        case .bulkString(let bytes): String(buffer: bytes)
        default: nil
        }
    }
}
