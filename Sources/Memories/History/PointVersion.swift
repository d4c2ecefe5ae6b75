import ChangeLog
public import Core

/// A point as it was from one position of the change log up to another.
public struct PointVersion: Sendable {
    /// The point as it was.
    public let point: Point
    /// The position at which something else took its place, or it was deleted; nil while it is in force.
    public let until: LogPosition?
    /// When that was.
    public let endedAt: Timestamp?

    /// The same, from a position on at the earliest.
    func notBefore(_ position: LogPosition) -> PointVersion {
        var point = point
        point.position = max(point.position, position)
        return PointVersion(point: point, until: until, endedAt: endedAt)
    }
}
