import ChangeLog
import Core
import Expressions
import Logging
import Storage
import Synchronization
import Telemetry

/// Makes the deliveries of one action: reads those that are due, begins as many as may be under way, and has their
/// outcomes written down. One that stands still holds up no other.
final class DeliveryChannel: Sendable {
    /// The observer and the action, as they are at the moment.
    struct Plan: Sendable {
        let observer: CompiledObserver
        let action: ActionDefinition

        var destination: Destinations.Key {
            Destinations.Key(tenant: observer.observer.tenant, name: action.content.destination)
        }
    }

    /// What a channel needs of its surroundings.
    struct Services: Sendable {
        let log: ChangeLog
        let partitions: Partitions
        let recorder: OutcomeRecorder
        /// Writes down those of statements, which may take long to find out.
        let statementRecorder: OutcomeRecorder
        let destinations: Destinations
        let runner: ActionRunner
        let lookups: LookupReader
        let metrics: ObserverMetrics
        let alerts: FailureAlerts
        let window: Int
        let logger: Logger
        /// Has the observers read again, which have changed.
        let refresh: @Sendable () -> Void
        /// Pauses an observer whose receiver wants no more.
        let pause: @Sendable (Observer, DeliveryFailure) async -> Void
    }

    private struct State {
        var plan: Plan
        /// Which changes of observers are in the plan.
        var generation: Int64
        var queue = LaneQueue()
        /// Whether there may be deliveries in the table that were not read.
        var mayHaveMore = true
        /// From where reading goes on; nil is from the start. There is one only where lanes have more in the table than
        /// was read of them.
        var mark: DeliveryMark?
        /// When the mark was begun.
        var markedAt = Timestamp(microseconds: 0)
        /// How often reading had to begin from the start.
        var restarts = 0
        var nextRetry: Timestamp?
        /// The partitions that it works in, with their tokens, and what was read for.
        var partitions: [Int64: Int64]?
        var active: [Int64: Int] = [:]
        /// When it goes on after the receiver said that it wants no more: the observer is paused by then.
        var restsUntil = Timestamp(microseconds: 0)
        var isStopped = false

        /// There may be something in the table before the mark.
        mutating func restart() {
            mayHaveMore = true
            mark = nil
            restarts += 1
        }
    }

    let key: DeliveryChannelKey
    private let services: Services
    private let state: Mutex<State>
    private let signal = Signal()

    /// How long it waits at most before it looks again.
    private static let pollInterval = Duration.seconds(5)
    private static let failurePause = Duration.milliseconds(500)
    /// How long it waits before it looks whether what is due may be read by now.
    private static let shortestWait = Duration.milliseconds(10)
    /// How long it rests before it asks a receiver again that wants no more, in seconds.
    private static let restSeconds: Int64 = 5
    /// How long a mark is of use, in seconds. What others put before it, as replays and other instances do, waits as
    /// long at most.
    private static let markSeconds: Int64 = 10

    init(_ key: DeliveryChannelKey, _ plan: Plan, asOf generation: Int64, _ services: Services) {
        self.key = key
        self.services = services
        state = Mutex(State(plan: plan, generation: generation))
    }

    /// Goes on with the observer as it is now.
    func update(_ plan: Plan, asOf generation: Int64) {
        state.withLock { state in
            state.plan = plan
            state.generation = generation
        }
        signal.fire()
    }

    /// There may be something to deliver.
    func wake() {
        state.withLock { $0.mayHaveMore = true }
        signal.fire()
    }

    /// Lets what is under way end, and begins nothing more.
    func stop() {
        state.withLock { $0.isStopped = true }
        signal.fire()
    }

    /// Whether it begins nothing more.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Whether anything is under way in a partition.
    func isActive(in partition: Int64) -> Bool { state.withLock { $0.active[partition, default: 0] > 0 } }

    /// Delivers until it is stopped or cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, !isStopped {
                var wait = Self.pollInterval
                do {
                    try await fill()
                    wait = begin { delivery, plan in group.addTask { await self.deliver(delivery, plan) } }
                } catch {
                    services.logger.warning(
                        "deliveries could not be read and are read again", metadata: ["error": "\(error)"])
                    wait = Self.failurePause
                }
                await signal.wait(atMost: wait)
            }
        }
    }

    // MARK: Reading

    /// Reads what is due, if there is room for it.
    private func fill() async throws {
        let now = services.log.time.now()
        let partitions = services.partitions.working
        let room = state.withLock { state -> Int? in
            if partitions != state.partitions {
                // Others may have done by now what was read for other partitions.
                state.partitions = partitions
                state.queue.clear()
                state.restart()
            }
            if let retry = state.nextRetry, retry <= now { state.mayHaveMore = true }
            if state.mark != nil, now > state.markedAt.advanced(bySeconds: Self.markSeconds) { state.restart() }
            guard state.mayHaveMore, state.queue.count <= services.window / 2 else { return nil }
            // Those that are here are read again, because the table does not know them from others.
            return services.window + state.queue.count
        }
        guard let room, partitions?.isEmpty != true else { return }
        guard !services.destinations.isOpen(state.withLock { $0.plan.destination }) else { return }
        let few = laneLimit / 2
        let (mark, refilled, restarts) = state.withLock { state in
            state.mayHaveMore = false
            state.queue.beginReading()
            let cut = state.mark?.cutLanes.keys.filter { state.queue.count(in: $0) <= few } ?? []
            return (state.mark, Set(cut), state.restarts)
        }
        do {
            let (due, retry, generation) = try await read(
                limit: room, from: mark ?? DeliveryMark(), refilling: refilled, partitions, at: now)
            let deliveries = due.deliveries
            guard generation <= state.withLock({ $0.generation }) else {
                // They may be for an observer as it is by now, and go nowhere as it was before.
                state.withLock { state in
                    state.mayHaveMore = true
                    state.queue.endReading([])
                }
                return services.refresh()
            }
            services.metrics.deliveriesRead.observe(Double(deliveries.count))
            let behind = deliveries.filter(\.isBehindRetry)
            if !behind.isEmpty { services.recorder.block(behind) }
            state.withLock { state in
                state.queue.endReading(deliveries.filter { !$0.isBehindRetry })
                state.nextRetry = retry
                if mark == nil { state.markedAt = now }
                let isMarked = !due.mark.cutLanes.isEmpty && state.restarts == restarts
                state.mark = isMarked ? due.mark : nil
                if deliveries.count >= room { state.mayHaveMore = true }
            }
        } catch {
            state.withLock { state in
                state.mayHaveMore = true
                state.queue.endReading([])
            }
            throw error
        }
    }

    private func read(
        limit: Int, from mark: DeliveryMark, refilling refilled: Set<Int64>, _ partitions: [Int64: Int64]?,
        at now: Timestamp
    ) async throws -> (due: DeliveryStore.Due, nextRetry: Timestamp?, generation: Int64) {
        let laneLimit = laneLimit
        return try await services.log.database.read { [key] transaction in
            let numbers = partitions?.keys.sorted()
            var due = try DeliveryStore.due(
                key, at: now, partitions: numbers, limit: limit, laneLimit: laneLimit, from: mark,
                refilling: refilled, in: transaction)
            let events = try ChangeLog.changes(
                at: due.deliveries.map { ($0.key.position, $0.eventAt) }, in: transaction)
            for index in due.deliveries.indices {
                let delivery = due.deliveries[index]
                due.deliveries[index].token = partitions?[delivery.partition] ?? 0
                due.deliveries[index].change =
                    try events[delivery.key.position] ?? DeadLetters.event(of: delivery, in: transaction)
            }
            let retry = try DeliveryStore.nextRetry(key, after: now, partitions: numbers, in: transaction)
            return (due, retry, try ObserverProgress.state(in: transaction).generation)
        }
    }

    /// How many of a lane are here at most: an entity with many leaves room for the others. Where there is one lane,
    /// there are no others.
    private var laneLimit: Int {
        let isStrict = state.withLock { $0.plan.observer.definition.ordering } == .strict
        return isStrict ? Int.max : max(1, services.window / 8)
    }

    // MARK: Beginning

    /// Begins what may begin, and says how long to wait before looking again.
    private func begin(_ start: (Delivery, Plan) -> Void) -> Duration {
        while let (delivery, plan) = next() {
            let admission = services.destinations.begin(
                plan.destination,
                concurrency: services.destinations.concurrency(
                    of: plan.action.type, wanted: plan.action.maximumConcurrency),
                rate: plan.action.ratePerSecond, priority: plan.observer.definition.priority, signal: signal)
            guard case .granted = admission else {
                state.withLock { state in
                    state.queue.putBack(delivery)
                    state.active[delivery.partition, default: 1] -= 1
                }
                if case .later(let wait) = admission { return wait }
                return Self.pollInterval
            }
            start(delivery, plan)
        }
        return state.withLock { state in
            guard let retry = state.nextRetry else { return Self.pollInterval }
            let wait = retry.microseconds - services.log.time.now().microseconds
            return min(Self.pollInterval, wait > 0 ? .microseconds(wait) : Self.shortestWait)
        }
    }

    private func next() -> (Delivery, Plan)? {
        let now = services.log.time.now()
        return state.withLock { state in
            let active = state.active.values.reduce(0, +)
            guard now >= state.restsUntil, active < state.plan.observer.definition.maximumParallelism, !state.isStopped,
                let delivery = state.queue.next()
            else { return nil }
            state.active[delivery.partition, default: 0] += 1
            return (delivery, state.plan)
        }
    }

    // MARK: Delivering

    private func deliver(_ delivery: Delivery, _ plan: Plan) async {
        let start = ContinuousClock.now
        let outcome = await attempt(delivery, plan)
        let now = services.log.time.now()
        let type = plan.action.type
        var failure: DeliveryFailure?
        if case .failed(let reason) = outcome { failure = reason }
        // What was given up because the server stops has not failed: it is done again by whoever goes on.
        let isGivenUp = failure != nil && Task.isCancelled
        services.destinations.end(plan.destination, isWell: isGivenUp ? nil : outcome.destinationIsWell)
        guard !isGivenUp else { return finish(delivery, nil) }
        let definition = plan.observer.definition
        let result = OutcomeRecorder.Result(
            delivery: delivery, outcome: outcome, retry: definition.retry, onFailure: definition.onFailure, at: now)
        let followers = failure == nil ? [] : state.withLock { $0.queue.followers(of: delivery) }
        let recorder = plan.action.runsWhileMatching ? services.statementRecorder : services.recorder
        let decision = await recorder.record(result, followers: followers)
        services.metrics.note(
            type, attempt: delivery.attempts + 1, failure: decision?.failure ?? failure,
            took: ContinuousClock.now - start)
        finish(delivery, decision)
        guard let decision else { return }
        if decision.pausesObserver, let failure { await services.pause(plan.observer.observer, failure) }
        services.alerts.note(decision, of: delivery, plan.observer, plan.action)
    }

    private func attempt(_ delivery: Delivery, _ plan: Plan) async -> DeliveryOutcome {
        guard let change = delivery.change else {
            return .failed(
                DeliveryFailure(
                    reason: "event_expired", message: "The log does not have the event any more.", isPermanent: true))
        }
        do {
            let document = try await enrich(change, plan)
            if delivery.isUndecided {
                switch plan.observer.outcome(document, now: services.log.time.now()) {
                case .matches: break
                case .differs: return .unwanted
                case .failed(let failure): return .failed(DeliveryFailure(failure))
                }
            }
            let event = ActionEvent(
                document: document, tenant: delivery.tenant, messageID: delivery.key.messageID,
                observer: plan.observer.definition.name, traceparent: change.traceparent)
            return await services.runner.run(
                try plan.action.content.render(event), messageID: event.messageID, attempt: delivery.attempts + 1,
                timeout: .milliseconds(plan.observer.definition.timeout), at: services.log.time.now())
        } catch let failure as DeliveryFailure {
            return .failed(failure)
        } catch {
            return .failed(DeliveryFailure(error))
        }
    }

    /// An event with what the observer looks up.
    ///
    /// - throws: ``DeliveryFailure`` `lookup_failed` when the event does not allow that, by which the condition counts
    ///   as not answered.
    private func enrich(_ change: Change, _ plan: Plan) async throws -> EventDocument {
        do {
            return try await services.lookups.enrich(
                EventDocument(change), of: change.tenant, with: plan.observer.definition.lookups)
        } catch let failure as Failure where failure.kind == .invalid {
            throw DeliveryFailure.lookup(failure)
        }
    }

    private func finish(_ delivery: Delivery, _ decision: DeliveryDecision?) {
        let fewOfLane = laneLimit / 2
        state.withLock { state in
            state.queue.finish(delivery, isDone: decision?.isDone == true)
            if state.mark?.cutLanes[delivery.lane] != nil, state.queue.count(in: delivery.lane) <= fewOfLane {
                state.mayHaveMore = true
            }
            state.active[delivery.partition, default: 1] -= 1
            if state.active[delivery.partition] == 0 { state.active[delivery.partition] = nil }
            if decision?.pausesObserver == true {
                state.restsUntil = services.log.time.now().advanced(bySeconds: Self.restSeconds)
            }
            switch decision?.state {
            case .retrying?:
                state.mayHaveMore = true
                state.nextRetry = [state.nextRetry, decision?.dueAt].compactMap { $0 }.min()
            // Others of its lane may go on now that waited behind it in the table.
            case .waiting?, .dead?, .dropped?: state.restart()
            case .delivered? where delivery.attempts > 0 || delivery.isRevived: state.restart()
            // Another instance may have done what is here.
            case nil:
                state.queue.clear()
                state.restart()
            default: break
            }
        }
        signal.fire()
    }
}
