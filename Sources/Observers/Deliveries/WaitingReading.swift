import ChangeLog
import Core
import Storage

/// How far the deliveries of an action were read that were not attempted, where a lane has more than is read of one at
/// once.
///
/// Whoever goes on from here need not go again through what such a lane has, however much that is.
struct DeliveryMark: Sendable, Equatable {
    /// A place in the order of deliveries.
    struct Place: Sendable, Equatable, Comparable {
        let position: LogPosition
        let replay: Int64

        static func < (one: Self, other: Self) -> Bool {
            (one.position.value, one.replay) < (other.position.value, other.replay)
        }
    }

    /// Up to where all was read but what the cut lanes have more; nil is nowhere.
    var end: Place?
    /// The lanes of which more wait than were read, each with the first that was not.
    var cutLanes: [Int64: Place] = [:]
}

/// Reads the deliveries of an action that were not attempted, the first of the log first.
///
/// What a lane has too many of is passed over once, and not again by whoever goes on from the mark.
struct WaitingReading {
    let channel: DeliveryChannelKey
    /// The condition that finds the rows of the action.
    let whose: SQL
    let limit: Int
    let laneLimit: Int
    var due: DeliveryStore.Due
    private var counts: [Int64: Int] = [:]

    init(channel: DeliveryChannelKey, whose: SQL, limit: Int, laneLimit: Int, due: DeliveryStore.Due) {
        self.channel = channel
        self.whose = whose
        self.limit = limit
        self.laneLimit = laneLimit
        self.due = due
    }

    /// Reads what those lanes have more, and then what comes after the mark.
    mutating func read(refilling refilled: Set<Int64>, in transaction: any ReadTransaction) throws {
        // Asked first: what comes later is not passed over.
        let last = try lastPlace(in: transaction)
        for lane in refilled.sorted() where due.deliveries.count < limit { try refill(lane, in: transaction) }
        while due.deliveries.count < limit {
            let wanted = limit - due.deliveries.count
            var further: SQL = ""
            if !due.mark.cutLanes.isEmpty { further += " AND d.lane NOT IN (\(list: due.mark.cutLanes.keys.sorted()))" }
            if let end = due.mark.end { further += Self.condition(after: end) }
            let page = try page(further, limit: wanted, in: transaction)
            for delivery in page { take(delivery) }
            due.mark.end = [due.mark.end, page.last?.place].compactMap { $0 }.max()
            guard page.count == wanted else {
                due.mark.end = [due.mark.end, last].compactMap { $0 }.max()
                return
            }
        }
    }

    private mutating func refill(_ lane: Int64, in transaction: any ReadTransaction) throws {
        guard let first = due.mark.cutLanes.removeValue(forKey: lane), let end = due.mark.end else { return }
        var further: SQL = " AND d.lane = \(lane) AND d.position >= \(first.position)"
        further += " AND (d.position > \(first.position) OR d.replay >= \(first.replay))"
        further += " AND d.position <= \(end.position) AND (d.position < \(end.position) OR d.replay <= \(end.replay))"
        // One more than are taken says whether there are more.
        for delivery in try page(further, limit: laneLimit + 1, in: transaction) { take(delivery) }
    }

    private mutating func take(_ delivery: Delivery) {
        let count = counts[delivery.lane, default: 0]
        counts[delivery.lane] = count + 1
        if count < laneLimit {
            due.deliveries.append(delivery)
        } else if due.mark.cutLanes[delivery.lane] == nil {
            due.mark.cutLanes[delivery.lane] = delivery.place
        }
    }

    private func page(_ further: SQL, limit: Int, in transaction: any ReadTransaction) throws -> [Delivery] {
        try transaction.rows(
            """
            SELECT \(DeliveryStore.columns), CASE WHEN EXISTS (
                SELECT 1 FROM deliveries e WHERE e.observer = d.observer AND e.action = d.action
                    AND e.lane = d.lane AND e.state IN (1, 2) AND (e.position < d.position
                        OR (e.position = d.position AND e.replay < d.replay))) THEN 1 ELSE 0 END
            FROM deliveries d WHERE \(whose) AND d.state = 0\(further) ORDER BY d.position, d.replay LIMIT \(limit)
            """
        ) { try Delivery($0, channel) }
    }

    private static func condition(after place: DeliveryMark.Place) -> SQL {
        """
         AND d.position >= \(place.position) AND (d.position > \(place.position) OR d.replay > \(place.replay))
        """
    }

    /// The place of the last that waits, in whichever partition.
    private func lastPlace(in transaction: any ReadTransaction) throws -> DeliveryMark.Place? {
        try transaction.first(
            """
            SELECT position, replay FROM deliveries WHERE observer = \(channel.observer) AND action = \(channel.action)
                AND state = 0 ORDER BY position DESC, replay DESC LIMIT 1
            """
        ) { DeliveryMark.Place(position: $0.position(0), replay: $0.integer(1)) }
    }
}

extension Delivery {
    fileprivate var place: DeliveryMark.Place { DeliveryMark.Place(position: key.position, replay: key.replay) }
}
