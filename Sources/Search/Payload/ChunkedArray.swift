/// An array that grows by itself, in chunks, and those in groups: after it was copied, a change copies the chunk that
/// it is in and the lists that lead there, not all elements.
public struct ChunkedArray<Element: Sendable>: Sendable {
    /// How many bits of a chunk's number are its place within a group.
    private static var groupShift: Int { 6 }

    private var groups: [[[Element]]] = []
    /// How many chunks there are. Each has as many elements as all others.
    private(set) var chunkCount = 0
    /// What stands where nothing was put yet.
    let empty: Element
    /// How many bits of an index are a place within a chunk.
    let shift: Int

    /// An array of chunks of 2^shift elements.
    public init(empty: Element, shift: Int) {
        self.empty = empty
        self.shift = shift
    }

    /// How many elements there is room for.
    var capacity: Int { chunkCount << shift }

    /// What stands at an index, which may be beyond all that was put there.
    @inline(__always)
    public subscript(_ index: Int) -> Element {
        let chunk = index >> shift
        return chunk < chunkCount ? self.chunk(chunk)[index & ((1 << shift) - 1)] : empty
    }

    /// Something of the element at an index, which is not copied for that.
    @inline(__always)
    public func read<Value>(_ index: Int, _ body: (borrowing Element) -> Value) -> Value {
        let chunk = index >> shift
        guard chunk < chunkCount else { return body(empty) }
        return body(
            groups[chunk >> Self.groupShift][chunk & ((1 << Self.groupShift) - 1)][index & ((1 << shift) - 1)])
    }

    /// A chunk by its number, which is less than ``chunkCount``.
    @inline(__always)
    func chunk(_ number: Int) -> [Element] {
        groups[number >> Self.groupShift][number & ((1 << Self.groupShift) - 1)]
    }

    /// Changes an element in its place.
    @inline(__always)
    public mutating func update<Result>(_ index: Int, _ body: (inout Element) -> Result) -> Result {
        let chunk = index >> shift
        while chunk >= chunkCount { grow() }
        return body(
            &groups[chunk >> Self.groupShift][chunk & ((1 << Self.groupShift) - 1)][index & ((1 << shift) - 1)])
    }

    private mutating func grow() {
        if chunkCount & ((1 << Self.groupShift) - 1) == 0 { groups.append([]) }
        groups[chunkCount >> Self.groupShift].append([Element](repeating: empty, count: 1 << shift))
        chunkCount += 1
    }

    /// Calls the closure with each chunk and the index of its first element.
    @inline(__always)
    func forEachChunk(_ body: (Int, [Element]) -> Void) {
        for number in 0..<chunkCount { body(number << shift, chunk(number)) }
    }

    /// How many bytes the elements take themselves.
    var byteCount: Int { chunkCount * ((MemoryLayout<Element>.stride << shift) + 40) }
}
