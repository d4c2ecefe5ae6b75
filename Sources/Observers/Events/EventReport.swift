import ChangeLog
public import Core
import Expressions

/// An event with what each observer says of it: why it did, or did not, act.
public struct EventReport: Sendable {
    /// What one observer says.
    struct Verdict: Sendable {
        let observer: Observer
        /// One word: `acted`, `not_watched`, `older_than_observer`, `condition_false`, `condition_failed`,
        /// `not_reached`, `paused`, `disabled`, `would_act`.
        let word: String
        let trace: ConditionTrace?
        let deliveries: [Event.Delivered]
    }

    let change: Change
    let verdicts: [Verdict]
}

extension EventReport.Verdict {
    /// - parameters:
    ///   - document: the event with what the observer looks up.
    ///   - matchedUpTo: how far the observer has come in the log.
    init(
        _ observer: Observer, _ change: Change, _ document: EventDocument, at now: Timestamp,
        matchedUpTo position: LogPosition, deliveries: [Event.Delivered]
    ) {
        self.observer = observer
        self.deliveries = deliveries
        let definition = observer.definition
        let condition = definition.condition.flatMap { try? Condition(parsing: $0) }
        trace = condition?.explain(document, now: now)
        let watches = definition.watches(change.entityType)
        if !deliveries.isEmpty {
            word = "acted"
        } else if !watches || !definition.operations.contains(change.operation) {
            word = "not_watched"
        } else if change.position <= observer.startedAfter {
            word = "older_than_observer"
        } else if !definition.isEnabled {
            word = "disabled"
        } else if change.position > position {
            word = observer.isPaused ? "paused" : "not_reached"
        } else {
            word = Self.word(trace, definition)
        }
    }

    private static func word(_ trace: ConditionTrace?, _ definition: ObserverDefinition) -> String {
        switch trace?.result {
        case .value(.bool(false))?: "condition_false"
        case .failed?: "condition_failed"
        // What runs within the transaction that matches leaves no row of its own.
        default: definition.actions.contains { $0.content is DatabaseAction } ? "acted" : "would_act"
        }
    }
}

extension EventReport: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("event", Event(change: change, deliveries: []))
            json.member("observers", array: verdicts)
        }
    }
}

extension EventReport.Verdict: JSONEncodable {
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", observer.id)
            json.member("name", observer.definition.name)
            json.member("status", observer.status.rawValue)
            json.member("verdict", word)
            json.member("condition", observer.definition.condition)
            json.member("trace", trace)
            json.member("deliveries", array: deliveries)
        }
    }
}

/// What an observer would do about an event.
public struct ObserverTest: Sendable, JSONEncodable {
    private let matches: Bool
    private let watches: Bool
    private let trace: ConditionTrace?
    private let actions: [(name: String, type: ActionType, rendered: Result<RenderedAction, DeliveryFailure>)]

    init(_ observer: CompiledObserver, _ change: Change, _ document: EventDocument, at now: Timestamp) {
        let definition = observer.definition
        watches = definition.watches(change.entityType) && definition.operations.contains(change.operation)
        trace = observer.condition?.explain(document, now: now)
        matches = watches && observer.outcome(document, now: now) == .matches
        actions = definition.actions.map { action in
            let channel = DeliveryChannelKey(observer: observer.number, action: action.number)
            let key = Delivery.Key(channel: channel, position: change.position, replay: 0)
            let event = ActionEvent(
                document: document, messageID: key.messageID, observer: definition.name,
                traceparent: change.traceparent)
            let rendered = Result { try action.content.render(event) }.mapError { DeliveryFailure($0) }
            return (action.name, action.type, rendered)
        }
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("watches", watches)
            json.member("matches", matches)
            json.member("trace", trace)
            json.key("actions")
            json.array { json in
                for action in actions {
                    json.object { json in
                        json.member("name", action.name)
                        json.member("type", action.type.rawValue)
                        switch action.rendered {
                        case .success(let rendered): json.member("would_send", rendered)
                        case .failure(let failure): json.member("failure", failure.message)
                        }
                    }
                }
            }
        }
    }
}
