import Core
import Storage
import TestKit

@testable import ChangeLog

/// Several instances that want one lease of a real database, in a simulated time: their clocks are skewed, requests and
/// answers are late or lost, and processes stand still.
///
/// True time is known to the simulation alone. Each instance sees its own monotonic clock, and the database its own.
struct LeaseSimulation {
    /// How long the lease lasts.
    static let duration = Duration.seconds(15)

    /// What is going to happen, and when.
    private enum Step {
        /// The database does what an instance asked for at a moment of the instance's clock.
        case execute(LeaseStateMachine.Request, asked: Duration)
        /// An instance hears of something.
        case deliver(LeaseStateMachine.Event)
        /// The database does a write of the work.
        case work(LeaseGrant)
        /// An instance stands still until a moment.
        case standStill(until: Duration)
    }

    private struct Instance {
        let row: LeaseRow
        /// What its monotonic clock shows at the beginning, and how fast it goes.
        let offset: Duration
        let rate: Double
        var machine = LeaseStateMachine(duration: LeaseSimulation.duration)
        var grant: LeaseGrant?
        var stillUntil = Duration.zero

        func clock(at time: Duration) -> Duration { offset + time * rate }

        /// Whether it works under a lease of which it believes at a moment that it has it.
        func holds(at time: Duration) -> Bool { grant != nil && clock(at: time) < machine.deadline }
    }

    private let store: TestStore
    private let start: Timestamp
    private var random: SeededRandom
    private var instances: [Instance] = []
    private var agenda: [(time: Duration, order: Int, instance: Int, step: Step)] = []
    private var scheduled = 0
    private var time = Duration.zero

    /// The token of each grant, in the order of the database.
    private(set) var granted: [Int64] = []
    /// The token of each write that the database took, in its order, with the latest token then.
    private(set) var writes: [(token: Int64, latest: Int64)] = []
    /// How many writes of the work were refused.
    private(set) var refusals = 0
    /// Moments at which more than one instance held the lease.
    private(set) var conflicts: [String] = []

    init(_ store: TestStore, instances count: Int, random: SeededRandom) {
        self.store = store
        self.random = random
        start = store.time.now()
        for number in 0..<count {
            instances.append(
                Instance(
                    row: LeaseRow(name: "work", holder: "instance \(number)"),
                    offset: .milliseconds(Int.random(in: -1_000_000_000...1_000_000_000, using: &self.random)),
                    rate: Double.random(in: 0.96...1.04, using: &self.random)))
        }
    }

    /// Runs until a moment of true time.
    mutating func run(until end: Duration) async throws {
        for index in instances.indices { act(instances[index].machine.start(), index) }
        while let next = takeNext(), next.time < end {
            time = max(time, next.time)
            let stillUntil = instances[next.instance].stillUntil
            switch next.step {
            case .execute(let request, let asked): try await execute(request, asked, next.instance)
            case .work(let grant): try await work(grant)
            case .deliver where stillUntil > time, .standStill where stillUntil > time:
                schedule(next.step, next.instance, after: stillUntil - time)
            case .deliver(let event): deliver(event, next.instance)
            case .standStill(let until): instances[next.instance].stillUntil = until
            }
            let holders = instances.indices.filter { instances[$0].holds(at: time) }
            if holders.count > 1 { conflicts.append("\(holders) at \(time)") }
        }
    }

    private mutating func takeNext() -> (time: Duration, order: Int, instance: Int, step: Step)? {
        let index = agenda.indices.min { (agenda[$0].time, agenda[$0].order) < (agenda[$1].time, agenda[$1].order) }
        return index.map { agenda.remove(at: $0) }
    }

    private mutating func schedule(_ step: Step, _ instance: Int, after delay: Duration) {
        scheduled += 1
        agenda.append((time + max(.zero, delay), scheduled, instance, step))
    }

    /// Mostly short, now and then longer than a lease.
    private mutating func randomDelay() -> Duration {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: .milliseconds(Int.random(in: 0...40_000, using: &random))
        case 1...4: .milliseconds(Int.random(in: 0...4_000, using: &random))
        default: .microseconds(Int.random(in: 100...50_000, using: &random))
        }
    }

    private mutating func act(_ actions: [LeaseStateMachine.Action], _ index: Int) {
        for action in actions {
            switch action {
            case .ask(let request):
                let asked = instances[index].clock(at: time)
                schedule(.execute(request, asked: asked), index, after: randomDelay())
            case .wake(let moment):
                let pause = (moment - instances[index].clock(at: time)) / instances[index].rate
                // A little more, so that rounding makes it never too early.
                schedule(.deliver(.woken), index, after: pause + .microseconds(10))
            case .stop: schedule(.deliver(.ended), index, after: randomDelay())
            case .begin(let token):
                let grant = LeaseGrant(token: token, row: instances[index].row)
                instances[index].grant = grant
                scheduleWork(grant, index)
            }
        }
        if Int.random(in: 0..<10, using: &random) == 0 {
            let until = time + .milliseconds(Int.random(in: 0...60_000, using: &random))
            schedule(.standStill(until: until), index, after: randomDelay())
        }
    }

    /// The work sends its next writes. Some of them arrive when its holding is long over.
    private mutating func scheduleWork(_ grant: LeaseGrant, _ index: Int) {
        for _ in 0..<3 {
            let delay = randomDelay()
            let isLate = Int.random(in: 0..<4, using: &random) == 0
            schedule(.work(grant), index, after: isLate ? delay + Self.duration : delay)
        }
    }

    private mutating func deliver(_ event: LeaseStateMachine.Event, _ index: Int) {
        if event == .ended { instances[index].grant = nil }
        act(instances[index].machine.handle(event, at: instances[index].clock(at: time)), index)
        if case .renewed = event, let grant = instances[index].grant { scheduleWork(grant, index) }
    }

    private mutating func execute(
        _ request: LeaseStateMachine.Request, _ asked: Duration, _ index: Int
    ) async throws {
        let event = try await answer(request, asked, instances[index].row)
        // One answer in twelve is lost, whatever was done.
        let isLost = Int.random(in: 0..<12, using: &random) == 0
        schedule(.deliver(isLost ? .failed(request) : event), index, after: randomDelay())
    }

    private mutating func answer(
        _ request: LeaseStateMachine.Request, _ asked: Duration, _ row: LeaseRow
    ) async throws -> LeaseStateMachine.Event {
        let elapsed = time.components
        let now = Timestamp(
            microseconds: start.microseconds + elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000)
        switch request {
        case .acquire:
            let token = try await store.database.write { try row.acquire(for: Self.duration, now: "\(now)", in: $0) }
            guard let token else { return .refused }
            granted.append(token)
            return .acquired(token: token, asked: asked)
        case .renew(let token):
            let isHeld = try await store.database.write {
                try row.renew(token, for: Self.duration, now: "\(now)", in: $0)
            }
            return isHeld ? .renewed(token: token, asked: asked) : .lost(token: token)
        case .release(let token):
            try await store.database.write { try row.release(token, in: $0) }
            return .released
        }
    }

    private mutating func work(_ grant: LeaseGrant) async throws {
        do {
            try await store.database.write { try grant.check(in: $0) }
            writes.append((grant.token, granted.last ?? 0))
        } catch let failure as Failure where failure.code == "lease_lost" {
            refusals += 1
        }
    }
}
