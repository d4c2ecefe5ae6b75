import CKernels
import Synchronization

/// The nodes of a graph in flat memory: vectors, codes and links, and which label each stands for. Readers share it
/// with one writer, without a lock.
///
/// A node is written before a link or a label leads to it, and its vector never changes: it is only taken out, and its
/// number is used again when no search can hold it any more (``ReaderSlots``).
final class HNSWMemory: @unchecked Sendable {
    /// The node where searches begin, and the greatest level, at which it is.
    struct Entry {
        let node: UInt32
        let level: Int
    }

    let parameters: HNSWParameters
    /// What makes the codes; without it there are none, and no links, but only vectors to be scanned.
    let quantizer: ScalarQuantizer?
    /// Whether the vectors stand here too, or only their codes.
    let keepsVectors: Bool
    /// The searches that run in it.
    let readers = ReaderSlots()
    /// The label that a search finds by each node: the one that it stands for or stood for.
    let labels = SharedNumbers()
    /// The node that stands for a label now.
    let nodes = SharedNumbers()
    /// Nodes that no links lead to yet, so that each search must look at them.
    let unlinked = SharedNodeSet()
    /// Nodes of which only the code is there, although vectors are kept.
    let unfilled = SharedNodeSet()
    private let labelCount = Atomic<Int>(0)
    private let distances: VectorDistances
    /// Bytes of a code with the zeros after it. The kernels take whole blocks fastest.
    let codeBytes: Int
    private let vectors: RowMemory
    private let codes: RowMemory
    /// The links at level 0.
    private let ground: RowMemory
    /// The row of ``upper`` at which the links of a node at level 1 stand; those of the levels above follow.
    private let upperRows: RowMemory
    private let upper: RowMemory
    /// The entry: its level in the upper half. All bits are set when the graph is empty.
    private let entryBits = Atomic<UInt64>(.max)

    /// Memory without nodes. Without a quantizer it keeps vectors in any case.
    init(_ parameters: HNSWParameters, _ quantizer: ScalarQuantizer?, keepsVectors: Bool = true) {
        self.parameters = parameters
        self.quantizer = quantizer
        self.keepsVectors = keepsVectors || quantizer == nil
        distances = VectorDistances(parameters.metric)
        codeBytes = (parameters.dimensions + 63) / 64 * 64
        vectors = RowMemory(stride: (parameters.dimensions * 4 + 63) / 64 * 64)
        codes = RowMemory(stride: codeBytes)
        ground = RowMemory(stride: parameters.groundCapacity * 4)
        upperRows = RowMemory(stride: 4)
        upper = RowMemory(stride: parameters.m * 4)
    }

    deinit {
        for memory in [vectors, codes, ground, upperRows, upper] { memory.deallocate() }
    }

    /// How many labels have a node.
    var count: Int { labelCount.load(ordering: .acquiring) }

    /// Counts labels that have come or gone. Only the writer.
    func addToCount(_ change: Int) { labelCount.wrappingAdd(change, ordering: .releasing) }

    /// Where searches begin, or nil in an empty graph.
    var entry: Entry? {
        let bits = entryBits.load(ordering: .acquiring)
        return bits == .max ? nil : Entry(node: UInt32(truncatingIfNeeded: bits), level: Int(bits >> 32))
    }

    /// Lets searches begin somewhere else. Only the writer.
    func setEntry(_ entry: Entry?) {
        let bits = entry.map { UInt64($0.level) << 32 | UInt64($0.node) } ?? .max
        entryBits.store(bits, ordering: .releasing)
    }

    @inline(__always)
    func vector(_ node: UInt32) -> UnsafePointer<Float> {
        UnsafePointer(vectors[node].assumingMemoryBound(to: Float.self))
    }

    @inline(__always)
    func code(_ node: UInt32) -> UnsafePointer<Int8> {
        UnsafePointer(codes[node].assumingMemoryBound(to: Int8.self))
    }

    /// The links of a node at a level that it has.
    @inline(__always)
    func links(_ node: UInt32, _ level: Int) -> LinkList {
        guard level > 0 else { return LinkList(at: ground[node], capacity: parameters.groundCapacity) }
        let row = upperRows[node].load(as: UInt32.self) &+ UInt32(truncatingIfNeeded: level &- 1)
        return LinkList(at: upper[row], capacity: parameters.m)
    }

    /// How far the code of a node is from another code.
    @inline(__always)
    func distance(_ code: UnsafePointer<Int8>, _ node: UInt32) -> Int32 {
        distances.between(code, self.code(node), count: codeBytes)
    }

    /// How far the vector of a node is from another vector.
    @inline(__always)
    func distance(_ vector: UnsafePointer<Float>, _ node: UInt32) -> Float {
        distances.between(vector, self.vector(node), count: parameters.dimensions)
    }

    /// How far two vectors are from each other.
    func distance(_ left: [Float], _ right: [Float]) -> Float {
        distances.between(left, right, count: min(left.count, right.count))
    }

    /// Asks for the beginning of a code; the processor fetches what follows by itself once it is read.
    @inline(__always)
    func prefetchCode(_ node: UInt32) {
        let code = code(node)
        vector_prefetch(code)
        vector_prefetch(code + 64)
    }

    /// Asks for the beginning of a vector.
    @inline(__always)
    func prefetchVector(_ node: UInt32) {
        let vector = vectors[node]
        for line in 0..<4 { vector_prefetch(vector + 64 * line) }
    }

    /// Makes room for a node that nobody knows of yet, with empty lists. Only the writer.
    ///
    /// - parameters:
    ///   - upperRow: the first of as many rows as it has levels above 0.
    func open(_ node: UInt32, level: Int, upperRow: UInt32) {
        if keepsVectors { vectors.grow(to: Int(node) + 1) }
        if quantizer != nil { codes.grow(to: Int(node) + 1) }
        ground.grow(to: Int(node) + 1)
        upperRows.grow(to: Int(node) + 1)
        upper.grow(to: Int(upperRow) + level)
        labels.grow(to: Int(node) + 1)
        upperRows[node].storeBytes(of: upperRow, as: UInt32.self)
        for level in 0...level { links(node, level).clear() }
    }

    /// Writes the vector and the code of a node that nobody knows of yet. Only the writer.
    func write(_ vector: [Float], to node: UInt32) {
        if keepsVectors { vectors[node].copyMemory(from: vector, byteCount: vector.count * 4) }
        guard let quantizer else { return }
        let code = UnsafeMutableBufferPointer(start: codes[node].assumingMemoryBound(to: Int8.self), count: codeBytes)
        quantizer.encode(vector, count: vector.count, into: code)
    }

    /// Writes the vector of a node whose code is there already. Only the writer.
    func fill(_ vector: [Float], to node: UInt32) {
        guard keepsVectors else { return }
        vectors[node].copyMemory(from: vector, byteCount: vector.count * 4)
        unfilled.remove(node)
    }

    /// What a file keeps of a node: its code, or its vector when there are no codes.
    func storedBytes(_ node: UInt32) -> UnsafeRawBufferPointer {
        quantizer == nil
            ? UnsafeRawBufferPointer(start: vectors[node], count: parameters.dimensions * 4)
            : UnsafeRawBufferPointer(start: codes[node], count: parameters.dimensions)
    }

    /// Where what a file keeps of a node is to be written. Only the writer, for a node that nobody knows of yet.
    func bytesToStore(_ node: UInt32) -> UnsafeMutableRawBufferPointer {
        if quantizer != nil {
            let code = codes[node]
            code.initializeMemory(as: Int8.self, repeating: 0, count: codeBytes)
        }
        return UnsafeMutableRawBufferPointer(mutating: storedBytes(node))
    }

    /// Bytes of each kind for so many nodes, and so many rows of links above level 0.
    func bytes(nodes: Int, upperRows: Int) -> VectorIndexBytes {
        VectorIndexBytes(
            codes: quantizer == nil ? 0 : nodes * codes.stride,
            // Beside the lists: the label, the parent, the level, and where the lists above level 0 stand.
            links: nodes * (ground.stride + 17) + upperRows * upper.stride,
            vectors: keepsVectors ? nodes * vectors.stride : 0)
    }
}
