/// A place in the change log: the position of one change, or of "everything up to here".
public struct LogPosition: Hashable, Comparable, Sendable {
    /// The position as stored and as sent in `Millrace-Position`; the first change has position 1.
    public let value: Int64

    /// A position by its number.
    public init(_ value: Int64) {
        self.value = value
    }

    /// Before the first change.
    public static let start = LogPosition(0)

    public static func < (left: LogPosition, right: LogPosition) -> Bool {
        left.value < right.value
    }
}

extension LogPosition: CustomStringConvertible {
    public var description: String { String(value) }
}
