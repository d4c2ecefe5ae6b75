public import Core
import Storage

/// A delivery that could not be made, with its event.
public struct DeadLetter: Sendable {
    /// By what clients name it.
    public struct ID: Sendable, Hashable, CustomStringConvertible {
        let key: Delivery.Key

        init(_ key: Delivery.Key) { self.key = key }

        /// Reads the text form; nil when it is none.
        public init?(_ text: String) {
            let numbers = text.split(separator: "-", omittingEmptySubsequences: false).compactMap { Int64($0) }
            guard numbers.count == 4, numbers.allSatisfy({ $0 >= 0 }), numbers[1] <= 1_000_000 else { return nil }
            key = Delivery.Key(
                channel: DeliveryChannelKey(observer: numbers[0], action: Int(numbers[1])),
                position: LogPosition(numbers[2]), replay: numbers[3])
        }

        public var description: String {
            "\(key.channel.observer)-\(key.channel.action)-\(key.position)-\(key.replay)"
        }
    }

    public let id: ID
    /// The observer, by its identifier and name.
    let observer: Identifier
    let observerName: String
    let action: String
    let event: [UInt8]
    /// A stable word, as in `observer_actions_failed_total`.
    public let reason: String
    /// What happened at the last attempt.
    public let message: String
    public let attempts: Int64
    public let createdAt: Timestamp
}

extension DeadLetter: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", "\(id)")
            json.member("observer_id", observer)
            json.member("observer", observerName)
            json.member("action", action)
            json.member("event_id", "\(id.key.position)")
            json.member("reason", reason)
            json.member("message", message)
            json.member("attempts", attempts)
            json.member("created_at", createdAt)
            json.member("event", raw: event)
        }
    }
}

extension DeadLetter {
    /// The columns of a row joined with its observer, in the order in which it is read.
    static let columns: SQL = """
        d.observer, d.action, d.position, d.replay, o.id, o.name, o.definition, d.event, d.reason, d.message, \
        d.attempts, d.created_at
        """

    init(_ row: Row) throws {
        let channel = DeliveryChannelKey(observer: row.integer(0), action: row.int(1))
        id = ID(Delivery.Key(channel: channel, position: row.position(2), replay: row.integer(3)))
        observer = try row.identifier(4)
        observerName = row.text(5)
        let definition = try ObserverDefinition.read(stored: row.bytes(6))
        action = definition.actions.first { $0.number == channel.action }?.name ?? "removed"
        event = row.bytes(7)
        reason = row.text(8)
        message = row.text(9)
        attempts = row.integer(10)
        createdAt = row.timestamp(11)
    }
}
