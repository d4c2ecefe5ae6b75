import Core
import Testing

@testable import Storage

/// Which servers a read goes to, without any server.
@Suite struct ReplicaRotationTests {
    private typealias Server = ReplicaRotation.Server

    private let start = ContinuousClock.now

    private func rotation(_ preference: ReadPreference, replicas: Int = 2) -> ReplicaRotation {
        var rotation = ReplicaRotation(replicas: replicas, preference: preference, lagLimit: .seconds(1))
        hear(&rotation, .primary, 0)
        for position: Int64 in 1...3 {
            rotation.settle(LogPosition(position), at: WriteAheadLocation(position * 100), now: start)
        }
        for index in 0..<replicas { hear(&rotation, .replica(index), 300) }
        return rotation
    }

    private func hear(
        _ rotation: inout ReplicaRotation, _ server: Server, _ location: Int64, after time: Duration = .zero,
        roundTrip: Duration = .milliseconds(1), system: Int64 = 7
    ) {
        rotation.heard(
            .init(system: system, location: WriteAheadLocation(location), roundTrip: roundTrip), from: server,
            now: start + time)
    }

    private func required(_ position: Int64 = 0, isForPrimary: Bool = false) -> ReadRequirement {
        ReadRequirement(position: LogPosition(position), isForPrimary: isForPrimary)
    }

    private func first(_ rotation: inout ReplicaRotation, _ position: Int64 = 0) -> Server? {
        rotation.candidates(for: required(position)).first?.server
    }

    @Test func replicasTakeTurns() {
        var rotation = rotation(.roundRobin, replicas: 3)
        let servers = (0..<6).map { _ in first(&rotation) }
        #expect(Set(servers) == [.replica(0), .replica(1), .replica(2)])
        #expect(Array(servers[..<3]) == Array(servers[3...]))
    }

    @Test func thePrimaryIsAskedFirstWhereItIsPreferredOrMustBe() {
        var preferring = rotation(.primary)
        #expect(preferring.candidates(for: required()).map(\.server) == [.primary, .replica(0), .replica(1)])
        var turning = rotation(.roundRobin)
        #expect(turning.candidates(for: required(isForPrimary: true)).map(\.server).first == .primary)
    }

    @Test func theNearestIsTheOneThatHasAnsweredFastestLately() {
        var rotation = rotation(.nearest)
        hear(&rotation, .replica(1), 300, roundTrip: .microseconds(100))
        #expect(first(&rotation) == .replica(1))
        for _ in 0..<30 { hear(&rotation, .primary, 0, roundTrip: .microseconds(50)) }
        #expect(first(&rotation) == .primary)
        // One slow answer is not enough to be left, many are.
        hear(&rotation, .primary, 0, roundTrip: .microseconds(200))
        #expect(first(&rotation) == .primary)
        for _ in 0..<30 { hear(&rotation, .primary, 0, roundTrip: .milliseconds(2)) }
        #expect(first(&rotation) == .replica(1))
    }

    @Test func aReplicaAnswersOnlyWhatItHasReplayed() {
        var rotation = rotation(.roundRobin, replicas: 1)
        rotation.settle(LogPosition(4), at: WriteAheadLocation(400), now: start)
        #expect(rotation.position(of: 0) == LogPosition(3))
        #expect(
            rotation.candidates(for: required(3)).first
                == .init(server: .replica(0), position: LogPosition(3)))
        #expect(rotation.candidates(for: required(4)).map(\.server) == [.primary])
        // Half of what belongs to a position is not the position.
        hear(&rotation, .replica(0), 399)
        #expect(rotation.position(of: 0) == LogPosition(3))
        hear(&rotation, .replica(0), 400)
        #expect(first(&rotation, 4) == .replica(0))
    }

    @Test func whoLagsLeavesTheRotationAndComesBack() {
        var rotation = rotation(.roundRobin, replicas: 1)
        rotation.settle(LogPosition(4), at: WriteAheadLocation(400), now: start)
        hear(&rotation, .replica(0), 300, after: .milliseconds(900))
        #expect(rotation.state(of: 0) == .healthy)
        hear(&rotation, .replica(0), 300, after: .milliseconds(1_100))
        #expect(rotation.state(of: 0) == .lagging)
        #expect(rotation.lag(of: 0, now: start + .seconds(5)) == .seconds(5))
        #expect(rotation.candidates(for: required()).map(\.server) == [.primary, .replica(0)])
        hear(&rotation, .replica(0), 400, after: .seconds(6))
        #expect(rotation.state(of: 0) == .healthy)
        // Nothing new has been settled since, so nothing is lacking.
        #expect(rotation.lag(of: 0, now: start + .seconds(600)) == .zero)
    }

    @Test func whoDiesIsNotAskedUntilItAnswersAgain() {
        var rotation = rotation(.roundRobin, replicas: 2)
        rotation.lost(.replica(0))
        #expect(rotation.candidates(for: required()).map(\.server) == [.replica(1), .primary])
        rotation.lost(.replica(1))
        #expect(rotation.candidates(for: required()).map(\.server) == [.primary])
        rotation.lost(.primary)
        #expect(rotation.candidates(for: required()).isEmpty)
        hear(&rotation, .replica(0), 300)
        #expect(rotation.candidates(for: required()).map(\.server) == [.replica(0)])
        hear(&rotation, .primary, 0)
        #expect(rotation.candidates(for: required(isForPrimary: true)).map(\.server) == [.primary, .replica(0)])
    }

    @Test func whatTheClientHasSeenIsAskedForWhileThePrimaryIsAway() {
        var rotation = rotation(.primary, replicas: 2)
        hear(&rotation, .replica(1), 300)
        rotation.settle(LogPosition(4), at: WriteAheadLocation(400), now: start)
        hear(&rotation, .replica(1), 400)
        rotation.lost(.primary)
        #expect(rotation.candidates(for: required(4)).map(\.server) == [.replica(1)])
        #expect(rotation.candidates(for: required(5)).isEmpty)
    }

    @Test func whoComesBackWithLessIsNotUsedUntilItHasWhatItHad() {
        var rotation = rotation(.roundRobin, replicas: 1)
        hear(&rotation, .replica(0), 250)
        #expect(rotation.state(of: 0) == .dead && rotation.location(of: 0) == WriteAheadLocation(300))
        hear(&rotation, .replica(0), 300)
        #expect(rotation.state(of: 0) == .healthy)
    }

    @Test func aReplicaOfAnotherDatabaseIsNeverAsked() {
        var rotation = rotation(.roundRobin, replicas: 1)
        hear(&rotation, .replica(0), 500, system: 8)
        #expect(rotation.state(of: 0) == .dead)
    }

    @Test func nothingIsKnownBeforeAnythingIsSettled() {
        var rotation = ReplicaRotation(replicas: 1, preference: .roundRobin, lagLimit: .seconds(1))
        hear(&rotation, .replica(0), 500)
        #expect(first(&rotation) == .primary)
    }

    @Test func oldLocationsAreThinnedAndTheLatestIsKept() {
        var settled = SettledLocations()
        let count = Int64(SettledLocations.limit) * 20
        for position in 1...count {
            settled.add(
                LogPosition(position), at: WriteAheadLocation(position), now: start + .milliseconds(position))
            #expect(settled.position(replayedTo: WriteAheadLocation(position)) == LogPosition(position))
        }
        for location in stride(from: Int64(1), through: count, by: 7) {
            let position = settled.position(replayedTo: WriteAheadLocation(location))
            #expect(position.map { $0.value <= location } ?? false, "\(location)")
        }
        // What is about the latest is exact to a few changes.
        let late = settled.position(replayedTo: WriteAheadLocation(count - 5))?.value ?? 0
        #expect(late >= count - 8)
        #expect(settled.lag(replayedTo: .start, now: start + .milliseconds(count)) == .milliseconds(count - 1))
    }
}
