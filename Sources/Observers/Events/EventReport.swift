import ChangeLog
public import Core
import Expressions

/// An event with what each observer says of it: why it did, or did not, act.
public struct EventReport: Sendable {
    /// What one observer says.
    struct Verdict: Sendable {
        let observer: Observer
        /// One word: `acted`, `not_watched`, `older_than_observer`, `condition_false`, `condition_failed`,
        /// `lookup_failed`, `not_reached`, `paused`, `disabled`, `would_act`.
        let word: String
        /// The replay that has brought the event to it, where no delivery tells of that.
        let replay: Int64?
        let trace: ConditionTrace?
        /// Why its condition could not be asked; nil when it could.
        let failure: String?
        let deliveries: [Event.Delivered]
    }

    let change: Change
    let verdicts: [Verdict]
}

extension EventReport.Verdict {
    /// - parameters:
    ///   - document: the event with what the observer looks up, or why that cannot be asked.
    ///   - matchedUpTo: how far the observer has come in the log.
    ///   - replays: the replays of the observer that the event is in.
    init(
        _ observer: Observer, _ change: Change, _ document: Result<EventDocument, Failure>,
        at now: Timestamp, matchedUpTo position: LogPosition, replays: [Replay], deliveries: [Event.Delivered]
    ) {
        self.observer = observer
        self.deliveries = deliveries
        let passed = replays.last { $0.position >= change.position }?.number
        let definition = observer.definition
        let condition = definition.condition.flatMap { try? Condition(parsing: $0) }
        switch document {
        case .success(let document): (trace, failure) = (condition?.explain(document, now: now), nil)
        case .failure(let reason): (trace, failure) = (nil, reason.message)
        }
        let watches = definition.watches(change.entityType) && definition.operations.contains(change.operation)
        if !deliveries.isEmpty {
            word = Self.word(deliveries)
        } else if !watches {
            word = "not_watched"
        } else if passed == nil, let reason = Self.reason(observer, change, position, trace, replays) {
            word = reason
        } else if failure != nil {
            word = "lookup_failed"
        } else {
            word = Self.word(trace, definition)
        }
        replay = deliveries.isEmpty && word == "acted" ? passed : nil
    }

    /// Why an observer that watches for an event has not been asked about it, as far as replays are left aside.
    private static func reason(
        _ observer: Observer, _ change: Change, _ position: LogPosition, _ trace: ConditionTrace?, _ replays: [Replay]
    ) -> String? {
        if change.position <= observer.startedAfter { return replays.isEmpty ? "older_than_observer" : "not_reached" }
        if !observer.definition.isEnabled { return "disabled" }
        guard change.position > position else { return nil }
        if observer.isPaused { return "paused" }
        // What its condition turns down leaves no trace when it is reached, and the position is stored later.
        return trace?.result == .value(.bool(false)) ? nil : "not_reached"
    }

    /// What deliveries tell: those of an event that nobody could decide about stand among the dead letters.
    private static func word(_ deliveries: [Event.Delivered]) -> String {
        let undecided = deliveries.compactMap(\.undecided)
        if undecided.count == deliveries.count, let reason = undecided.first { return reason }
        return deliveries.allSatisfy(\.isUnwanted) ? "condition_false" : "acted"
    }

    private static func word(_ trace: ConditionTrace?, _ definition: ObserverDefinition) -> String {
        switch trace?.result {
        case .value(.bool(false))?: "condition_false"
        case .failed?: "condition_failed"
        // What runs within the transaction that matches leaves no row of its own.
        default: definition.actions.contains(where: \.runsWhileMatching) ? "acted" : "would_act"
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
            if let replay { json.member("replay", replay) }
            json.member("condition", observer.definition.condition)
            json.member("trace", trace)
            json.member("failure", failure)
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
                document: document, tenant: change.tenant, messageID: key.messageID, observer: definition.name,
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
