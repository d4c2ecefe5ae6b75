import Foundation

/// All points of a collection of one moment, in a file that ends with this.
public final class ExportedPoints: Sendable {
    /// What there is.
    public let head: SnapshotHead
    private let path: String
    private let slot: WorkSlots.Slot

    init(head: SnapshotHead, path: String, slot: WorkSlots.Slot) {
        self.head = head
        self.path = path
        self.slot = slot
    }

    deinit { unlink(path) }

    /// Calls a closure with each point with its vectors, by ascending id.
    ///
    /// - throws: ``Failure`` `snapshot_unusable` when the file was damaged meanwhile, and what the closure throws.
    public func forEach(_ body: (Point) async throws -> Void) async throws {
        let reader = try SnapshotReader(path)
        while let point = try reader.next() { try await body(point) }
    }
}
