public import Core

/// What the answer to a read must include, wherever it comes from.
public struct ReadRequirement: Sendable {
    /// The position of the change log that the snapshot must include, with all before it.
    public let position: LogPosition
    /// Whether the primary answers as long as it can, whatever `storage.read_preference` says.
    public let isForPrimary: Bool

    /// A requirement of a read.
    public init(position: LogPosition, isForPrimary: Bool) {
        self.position = position
        self.isForPrimary = isForPrimary
    }
}

/// A place in the write-ahead log of an engine that has replicas.
public struct WriteAheadLocation: Hashable, Comparable, Sendable {
    /// How many bytes were written before it, since the engine was made.
    public let bytes: Int64

    /// A place by the number of bytes before it.
    public init(_ bytes: Int64) {
        self.bytes = bytes
    }

    /// Before everything.
    public static let start = WriteAheadLocation(0)

    public static func < (left: WriteAheadLocation, right: WriteAheadLocation) -> Bool { left.bytes < right.bytes }
}
