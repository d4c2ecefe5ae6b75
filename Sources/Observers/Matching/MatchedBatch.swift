import ChangeLog
import Core
import Expressions
import Storage

/// What comes of a batch of changes: the rows and statements that are stored together with the position.
struct MatchedBatch: Sendable {
    /// A statement that runs as the batch is stored.
    struct Statement: Sendable {
        let delivery: Delivery
        let name: String
        let parameters: [(name: String, value: SQLValue)]
        let observer: CompiledObserver
    }

    /// A change that an observer could not be asked about, or whose statement could not be made.
    struct Refusal: Sendable {
        let delivery: Delivery
        let failure: DeliveryFailure
        let observer: CompiledObserver
    }

    /// The values of the rows of new deliveries.
    var rows: [SQLValue] = []
    /// The actions that the rows are for, with their number.
    var counts: [DeliveryChannelKey: Int] = [:]
    /// The rows of deliveries by statement, for those whose statements cannot run at once.
    var statements: [Statement] = []
    var refusals: [Refusal] = []
    /// What goes into the server's own index.
    private(set) var entries: [EventIndex.Entry] = []
    private var wordCount = 0
    /// How many changes were looked at.
    var changes = 0

    /// Whether it has statements that somebody has written.
    var hasStatements: Bool { !statements.isEmpty }

    /// How many words of events are stored at once, roughly.
    private static let wordLimit = 20_000

    /// Whether it is to be stored before more comes in.
    var isFull: Bool { wordCount >= Self.wordLimit }

    /// Whether nothing is to be done.
    var isEmpty: Bool { rows.isEmpty && statements.isEmpty && refusals.isEmpty && entries.isEmpty }

    /// Takes in an event that an observer acts on.
    mutating func add(
        _ observer: CompiledObserver, _ change: Change, _ document: EventDocument, replay: Int64, at now: Timestamp
    ) {
        for action in observer.definition.actions {
            let delivery = Delivery(of: change, to: action, of: observer, replay: replay)
            if action.content is DatabaseAction {
                add(action, observer, delivery, document)
            } else if action.isIndexing {
                index(change, observer, delivery)
            } else {
                counts[delivery.key.channel, default: 0] += 1
                rows += DeliveryStore.values(of: delivery, at: now)
            }
        }
    }

    private mutating func add(
        _ action: ActionDefinition, _ observer: CompiledObserver, _ delivery: Delivery, _ document: EventDocument
    ) {
        do {
            let event = ActionEvent(
                document: document, tenant: delivery.tenant, messageID: delivery.key.messageID,
                observer: observer.definition.name, traceparent: delivery.change?.traceparent)
            guard case .statement(let name, let parameters) = try action.content.render(event) else { return }
            statements.append(Statement(delivery: delivery, name: name, parameters: parameters, observer: observer))
        } catch {
            refusals.append(Refusal(delivery: delivery, failure: DeliveryFailure(error), observer: observer))
        }
    }

    private mutating func index(_ change: Change, _ observer: CompiledObserver, _ delivery: Delivery) {
        do {
            let entry = try EventIndex.Entry(change)
            wordCount += entry.words.all.count
            entries.append(entry)
        } catch {
            refusals.append(Refusal(delivery: delivery, failure: DeliveryFailure(error), observer: observer))
        }
    }

    /// Takes in an event that an observer's condition has no answer for.
    mutating func refuse(_ observer: CompiledObserver, _ change: Change, _ failure: DeliveryFailure, replay: Int64) {
        for action in observer.definition.actions {
            let delivery = Delivery(of: change, to: action, of: observer, replay: replay)
            refusals.append(Refusal(delivery: delivery, failure: failure, observer: observer))
        }
    }
}

extension Delivery {
    /// A delivery that is just being made.
    init(of change: Change, to action: ActionDefinition, of observer: CompiledObserver, replay: Int64) {
        let channel = DeliveryChannelKey(observer: observer.number, action: action.number)
        let route = DeliveryRoute(
            observer.definition.ordering, observer: observer.number, entity: change.entity, position: change.position)
        self.init(
            key: Key(channel: channel, position: change.position, replay: replay), tenant: change.tenant,
            lane: route.lane, partition: route.partition, attempts: 0, eventAt: change.time, isBehindRetry: false,
            change: change)
    }
}

extension Delivery.Key {
    /// Names the message to its receiver: the same for each attempt and each replay, so that receivers can tell what
    /// they have.
    var messageID: String { "msg_\(position)_\(channel.observer)_\(channel.action)" }
}
