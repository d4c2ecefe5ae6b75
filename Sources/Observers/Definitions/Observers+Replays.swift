public import ChangeLog
public import Core
import Storage

/// Where a replay begins or ends.
public enum ReplayBound: Sendable {
    case position(LogPosition)
    case time(Timestamp)

    /// A position or a moment in RFC 3339 by its text; nil when it is neither.
    public init?(_ text: String) {
        if let number = Int64(text), number >= 0 {
            self = .position(LogPosition(number))
        } else if let time = Timestamp(text) {
            self = .time(time)
        } else {
            return nil
        }
    }
}

extension Observers {
    /// Leads an observer through a part of the log once more: what matches is done again, whatever was done before.
    ///
    /// - parameters:
    ///   - first: the first change; nil is the oldest there is.
    ///   - last: the last one; nil is the latest.
    /// - returns: the number of the replay, and the part of the log that it is about.
    /// - throws: ``Failure`` `not_found`, `position_expired` when the log does not go back that far, `invalid_request`.
    public func replay(
        _ key: ObserverKey, from first: ReplayBound?, to last: ReplayBound?, in unit: UnitOfWork
    ) throws -> ObserverReplay {
        let transaction = unit.transaction
        let observer = try find(key, of: unit.tenant, in: transaction)
        let (oldest, end) = (try ChangeLog.start(in: transaction), try ChangeLog.end(in: transaction))
        let start = try first.map { try Self.position(before: $0, in: transaction) } ?? oldest
        guard start >= oldest else {
            throw Failure.conflict(
                "position_expired",
                "The log goes back to position \(oldest.value + 1). Begin there, or keep changes longer with "
                    + "change_log.retention_age.")
        }
        let stop: LogPosition
        switch last {
        case nil: stop = end
        case .position(let position)?: stop = min(position, end)
        case .time(let time)?: stop = try Self.position(before: .time(time), in: transaction)
        }
        guard start < stop else { throw Failure.invalid(at: "?from", "There is nothing from there to the end.") }
        let replay = try ReplayTable.insert(observer, after: start, upTo: stop, in: unit)
        return ObserverReplay(number: replay.number, first: LogPosition(start.value + 1), last: stop)
    }

    /// The last position before a bound. Times ascend with positions, but for those of transactions that overlap.
    private static func position(
        before bound: ReplayBound, in transaction: any WriteTransaction
    ) throws -> LogPosition {
        switch bound {
        case .position(let position): return LogPosition(max(0, position.value - 1))
        case .time(let time):
            var (low, high) = (try ChangeLog.start(in: transaction).value, try ChangeLog.end(in: transaction).value)
            while low < high {
                let middle = low + (high - low) / 2
                let next = try transaction.first(
                    """
                    SELECT position, changed_at FROM changes WHERE position > \(middle) ORDER BY position LIMIT 1
                    """
                ) { (position: $0.integer(0), time: $0.timestamp(1)) }
                if let next, next.time < time { low = next.position } else { high = middle }
            }
            return LogPosition(low)
        }
    }
}

/// A replay that was begun.
public struct ObserverReplay: Sendable, JSONEncodable {
    let number: Int64
    let first: LogPosition
    let last: LogPosition

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("replay", number)
            json.member("from", first)
            json.member("to", last)
        }
    }
}
