import Core

/// Where in the write-ahead log everything up to a position of the change log stands: a bounded list of such pairs, the
/// latest ones close together and older ones ever farther apart.
///
/// A replica that has replayed the location of a pair includes the position, so leaving pairs out only makes it look a
/// little further behind than it is.
struct SettledLocations: Sendable {
    private struct Pair: Sendable {
        let position: LogPosition
        let location: WriteAheadLocation
        let at: ContinuousClock.Instant
    }

    /// How many pairs are kept.
    static let limit = 512

    /// Ascending by position and by location.
    private var pairs: [Pair] = []

    /// Everything up to a position stands before a location.
    mutating func add(_ position: LogPosition, at location: WriteAheadLocation, now: ContinuousClock.Instant) {
        if let last = pairs.last, position <= last.position || location < last.location { return }
        if pairs.count >= Self.limit { thin() }
        pairs.append(Pair(position: position, location: location, at: now))
    }

    /// Leaves out every second pair but the latest. What was thinned before is thinned again, so the distances double
    /// with the age, and the list reaches far back.
    private mutating func thin() {
        let last = pairs.count - 1
        pairs = pairs.indices.filter { $0 % 2 == 0 || $0 == last }.map { pairs[$0] }
    }

    /// The greatest position that a server includes which has replayed up to a location, if it is known.
    func position(replayedTo location: WriteAheadLocation) -> LogPosition? {
        let count = countReplayed(to: location)
        return count > 0 ? pairs[count - 1].position : nil
    }

    /// For how long something has been there that a server lacks which has replayed up to a location. Zero when it
    /// lacks nothing, however long ago the latest change was.
    func lag(replayedTo location: WriteAheadLocation, now: ContinuousClock.Instant) -> Duration {
        let count = countReplayed(to: location)
        return count < pairs.count ? now - pairs[count].at : .zero
    }

    /// How many pairs stand at a location or before it.
    private func countReplayed(to location: WriteAheadLocation) -> Int {
        var (low, high) = (0, pairs.count)
        while low < high {
            let middle = (low + high) / 2
            if pairs[middle].location <= location { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
