import Core
import NIOCore

/// What programs beside the caches keep in Redis: streams, and sets of keys.
extension RedisClient {
    /// Appends an entry to a stream and returns its identifier.
    ///
    /// - parameters:
    ///   - fields: the names and values of the entry.
    ///   - maximumLength: about how many entries the stream keeps; nil is all.
    /// - throws: ``Failure`` `redis_…`.
    @discardableResult
    public func append(
        to stream: String, _ fields: [(name: String, value: [UInt8])], maximumLength: Int? = nil
    ) async throws -> String {
        var arguments = [Array(stream.utf8)]
        if let maximumLength { arguments += ["MAXLEN", "~", "\(maximumLength)"].map { Array($0.utf8) } }
        arguments.append([UInt8(ascii: "*")])
        for field in fields { arguments += [Array(field.name.utf8), field.value] }
        let reply = try await execute(RedisCommand("xadd", arguments: arguments), key: stream)
        guard case .bulkString(let identifier) = reply else { throw counted(Self.unexpected(reply)) }
        return String(buffer: identifier)
    }

    /// The members of a set.
    ///
    /// - throws: ``Failure`` `redis_…`.
    public func members(ofSet key: String) async throws -> [String] {
        let reply = try await execute(RedisCommand("smembers", key), key: key)
        guard case .array(let values) = reply else { throw counted(Self.unexpected(reply)) }
        return values.compactMap { value in
            if case .bulkString(let bytes) = value { String(buffer: bytes) } else { nil }
        }
    }
}
