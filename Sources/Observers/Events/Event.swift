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
        let failure: [UInt8]?

        init(_ row: Row, observer: String, action: String) {
            self.observer = observer
            self.action = action
            replay = row.integer(1)
            state = Delivery.State(rawValue: row.integer(2)) ?? .waiting
            attempts = row.integer(3)
            dueAt = row.timestamp(4)
            updatedAt = row.timestamp(5)
            failure = row.optionalBytes(6)
        }
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
            json.key("new")
            if let after = change.after { json.raw(after) } else { json.null() }
            json.key("old")
            if let before = change.before { json.raw(before) } else { json.null() }
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
            if state == .retrying { json.member("next_attempt_at", dueAt) }
            json.member("updated_at", updatedAt)
            if let failure { json.member("failure", raw: failure) }
        }
    }
}
