#if canImport(Glibc)
    import Glibc
#endif

/// Rows of equal size in memory that grows and never moves, so that readers need no lock while a writer adds rows.
///
/// The rows stand in segments of which each is twice as long as the one before; the table of the segments has a fixed
/// size. A row that a reader hears of by an acquiring load was there before the releasing store that told of it. Rows
/// are not cleared, and the owner calls ``deallocate()``.
struct RowMemory: @unchecked Sendable {
    /// The binary logarithm of the length of the first segment.
    private static let firstBits = 10
    /// How many rows there can be.
    static let rowLimit = 1 << 31
    private static let segmentLimit = 32 - firstBits
    /// From this size on it pays to ask for large pages: a search touches thousands of rows at random places, and each
    /// would need an entry of its own among the few that the processor keeps of the page table.
    private static let largePage = 1 << 21

    private let segments: UnsafeMutablePointer<UnsafeMutableRawPointer>
    /// What stands in the table where there is no segment yet.
    private let nowhere: UnsafeMutableRawPointer
    /// Bytes of a row.
    let stride: Int

    /// Memory for rows of so many bytes.
    init(stride: Int) {
        self.stride = stride
        segments = .allocate(capacity: Self.segmentLimit)
        nowhere = .allocate(byteCount: 1, alignment: 1)
        segments.initialize(repeating: nowhere, count: Self.segmentLimit)
    }

    /// Frees all rows. Nobody may use them any more.
    func deallocate() {
        for index in 0..<Self.segmentLimit where segments[index] != nowhere { segments[index].deallocate() }
        segments.deallocate()
        nowhere.deallocate()
    }

    /// Makes room for so many rows. One caller at a time.
    func grow(to count: Int) {
        for index in 0..<Self.segmentLimit {
            let length = 1 << (Self.firstBits + index)
            guard count > length - (1 << Self.firstBits) else { return }
            if segments[index] == nowhere { segments[index] = Self.segment(of: length * stride) }
        }
    }

    private static func segment(of bytes: Int) -> UnsafeMutableRawPointer {
        guard bytes >= 4 * largePage else { return .allocate(byteCount: bytes, alignment: 64) }
        let segment = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: largePage)
        #if canImport(Glibc)
            // It is advice: without large pages the rows are the same and a search takes a little longer.
            _ = madvise(segment, bytes, MADV_HUGEPAGE)
        #endif
        return segment
    }

    /// The address of a row.
    @inline(__always)
    subscript(row: UInt32) -> UnsafeMutableRawPointer {
        let place = row &+ (1 << UInt32(Self.firstBits))
        let bit = 31 &- place.leadingZeroBitCount
        return segments[bit &- Self.firstBits] + Int(place ^ (1 &<< UInt32(truncatingIfNeeded: bit))) &* stride
    }
}
