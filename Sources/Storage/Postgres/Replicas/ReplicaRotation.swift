import Core

/// Decides which servers a read may go to, from what each of them has said of itself.
///
/// It is a value without a clock: what was heard, lost and settled goes in with its time, and the servers to try come
/// out in their order.
struct ReplicaRotation: Sendable {
    /// A server of a database.
    enum Server: Hashable, Sendable {
        case primary
        /// A replica by its place in `storage.replicas`.
        case replica(Int)
    }

    /// What is to be thought of a replica.
    enum State: Sendable {
        /// It does not answer, is of another database, or has less than it had before.
        case dead
        /// It answers, but lacks what has been there for too long.
        case lagging
        /// It takes its turn.
        case healthy
    }

    /// What a server says of itself.
    struct Report: Sendable {
        /// Which database cluster it belongs to.
        let system: Int64
        /// How far it has replayed; the start for a primary.
        let location: WriteAheadLocation
        /// How long the question took.
        let roundTrip: Duration
    }

    /// A server to try.
    struct Candidate: Equatable, Sendable {
        let server: Server
        /// What its snapshots include, for a replica.
        let position: LogPosition?
    }

    private struct Replica: Sendable {
        var state = State.dead
        /// The farthest that it has been. A server that was started again after a crash may have less for a while.
        var location = WriteAheadLocation.start
        var roundTrip: Duration?
    }

    private let preference: ReadPreference
    private let lagLimit: Duration
    private var settled = SettledLocations()
    private var replicas: [Replica]
    private var isPrimaryAlive = true
    private var primaryRoundTrip: Duration?
    private var system: Int64?
    private var turn = 0

    /// - parameter lagLimit: how long something may be there that a replica lacks before it leaves the rotation.
    init(replicas count: Int, preference: ReadPreference, lagLimit: Duration) {
        self.preference = preference
        self.lagLimit = lagLimit
        replicas = Array(repeating: Replica(), count: count)
    }

    /// Everything up to a position stands before a location.
    mutating func settle(_ position: LogPosition, at location: WriteAheadLocation, now: ContinuousClock.Instant) {
        settled.add(position, at: location, now: now)
    }

    /// A server has answered.
    mutating func heard(_ report: Report, from server: Server, now: ContinuousClock.Instant) {
        switch server {
        case .primary:
            isPrimaryAlive = true
            system = report.system
            primaryRoundTrip = Self.smoothed(primaryRoundTrip, report.roundTrip)
        case .replica(let index):
            replicas[index].roundTrip = Self.smoothed(replicas[index].roundTrip, report.roundTrip)
            let isOurs = system.map { $0 == report.system } ?? true
            guard isOurs, report.location >= replicas[index].location else { return replicas[index].state = .dead }
            replicas[index].location = report.location
            replicas[index].state = lag(of: index, now: now) > lagLimit ? .lagging : .healthy
        }
    }

    /// A server did not answer.
    mutating func lost(_ server: Server) {
        switch server {
        case .primary: isPrimaryAlive = false
        case .replica(let index): replicas[index].state = .dead
        }
    }

    /// The servers to try in their order; empty when none can answer.
    mutating func candidates(for requirement: ReadRequirement) -> [Candidate] {
        let fit = replicas.indices.filter { index in
            replicas[index].state != .dead && position(of: index).map { $0 >= requirement.position } ?? false
        }
        let healthy = fit.filter { replicas[$0].state == .healthy }
        var servers = requirement.isForPrimary ? [.primary] : preferred(of: healthy)
        // What follows is tried only when those before fail.
        servers += [.primary] + (healthy + fit).map { .replica($0) }
        var tried: Set<Server> = isPrimaryAlive ? [] : [.primary]
        return servers.filter { tried.insert($0).inserted }.map { server in
            guard case .replica(let index) = server else { return Candidate(server: server, position: nil) }
            return Candidate(server: server, position: position(of: index) ?? .start)
        }
    }

    private mutating func preferred(of healthy: [Int]) -> [Server] {
        switch preference {
        case .primary: return [.primary]
        case .nearest:
            let servers = [.primary] + healthy.map { Server.replica($0) }
            return servers.min { roundTrip(of: $0) < roundTrip(of: $1) }.map { [$0] } ?? []
        case .roundRobin:
            guard !healthy.isEmpty else { return [] }
            turn &+= 1
            return [.replica(healthy[turn % healthy.count])]
        }
    }

    // MARK: What is known of the servers

    /// Whether a replica takes its turn.
    func state(of index: Int) -> State { replicas[index].state }

    /// The farthest that a replica has been: a connection to it that has less must not be used.
    func location(of index: Int) -> WriteAheadLocation { replicas[index].location }

    /// The greatest position that a replica is known to include.
    func position(of index: Int) -> LogPosition? { settled.position(replayedTo: replicas[index].location) }

    /// For how long something has been there that a replica lacks.
    func lag(of index: Int, now: ContinuousClock.Instant) -> Duration {
        settled.lag(replayedTo: replicas[index].location, now: now)
    }

    private func roundTrip(of server: Server) -> Duration {
        switch server {
        case .primary: primaryRoundTrip ?? Self.unknownRoundTrip
        case .replica(let index): replicas[index].roundTrip ?? Self.unknownRoundTrip
        }
    }

    /// What is taken for the way to a server that was not measured yet.
    private static let unknownRoundTrip = Duration.seconds(1)

    /// The smoothed time of a round trip (RFC 6298, section 2: SRTT with alpha 1/8).
    private static func smoothed(_ known: Duration?, _ measured: Duration) -> Duration {
        known.map { $0 * 7 / 8 + measured / 8 } ?? measured
    }
}
