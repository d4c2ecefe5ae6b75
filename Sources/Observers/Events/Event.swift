import ChangeLog
public import Core
import Storage

/// A change with what was done about it.
public struct Event: Sendable {
    /// What was done by one action.
    struct Delivered: Sendable {
        let observer: String
        let action: String
        let replay: Int64
        let state: Delivery.State
        let attempts: Int64
        let dueAt: Timestamp
        let updatedAt: Timestamp
        let failure: JSONValue?
        /// Until when this instance leaves the destination alone, because it fails; nil when it does not, and when the
        /// delivery is not on its way any more.
        let leftAloneUntil: Timestamp?
        /// When it was looked at.
        let seenAt: Timestamp

        init(_ row: Row, observer: String, action: String, leftAloneUntil: Timestamp?, at now: Timestamp) throws {
            self.observer = observer
            self.action = action
            seenAt = now
            replay = row.integer(1)
            state = Delivery.State(rawValue: row.integer(2)) ?? .waiting
            attempts = row.integer(3)
            dueAt = row.timestamp(4)
            updatedAt = row.timestamp(5)
            failure = try row.optionalBytes(6).map { try JSONParser.parse($0) }
            self.leftAloneUntil = [.waiting, .retrying].contains(state) ? leftAloneUntil : nil
        }

        /// When the next attempt is made at the earliest; nil when there is none, or nothing known keeps it waiting.
        var nextAttemptAt: Timestamp? {
            let moments = [state == .retrying ? dueAt : nil, leftAloneUntil].compactMap { $0 }
            return moments.max().flatMap { $0 > seenAt ? $0 : nil }
        }

        /// Whether the condition did not hold when it could be asked at last.
        var isUnwanted: Bool { state == .dropped && failure == nil }

        /// Why nobody knew at the latest attempt whether the observer wants the event, as a verdict; nil when it was
        /// known.
        var undecided: String? {
            guard state != .delivered, case .object(let failure)? = failure,
                case .string(let reason)? = failure["reason"], DeliveryFailure.isUndecided(reason)
            else { return nil }
            return reason
        }

        /// Whether it is to be tried again, and nothing that is known here keeps it waiting.
        var isDue: Bool { state == .retrying && nextAttemptAt == nil }
    }

    let change: Change
    let deliveries: [Delivered]
}

extension Event: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", "\(change.position)")
            json.member("type", "\(change.entityType).\(change.operation.rawValue)")
            json.member("entity_type", change.entityType)
            json.member("entity_id", change.entity)
            json.member("operation", change.operation.rawValue)
            json.member("time", change.time)
            json.member("actor", change.actor)
            json.member("request_id", change.requestID)
            json.member("changed_fields", array: change.changedFields)
            json.member("new", raw: change.after)
            json.member("old", raw: change.before)
            json.member("deliveries", array: deliveries)
        }
    }
}

extension Event.Delivered: JSONEncodable {
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("observer", observer)
            json.member("action", action)
            json.member("state", state.name)
            json.member("attempts", attempts)
            if replay > 0 { json.member("replay", replay) }
            if let nextAttemptAt { json.member("next_attempt_at", nextAttemptAt) }
            if isDue { json.member("due", true) }
            if let leftAloneUntil { json.member("destination_left_alone_until", leftAloneUntil) }
            json.member("updated_at", updatedAt)
            if let failure { json.member("failure", failure) }
        }
    }
}
