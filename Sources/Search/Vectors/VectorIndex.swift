import Core
import Synchronization

/// The vectors of one name in a collection: what is stored is found at once, and exactly ranked.
///
/// A vector stands under a label that the caller gives. It is a node of a graph (``HNSWMemory``) once ``linkSome(_:)``
/// has linked it; before that each search looks at it too. One caller at a time writes, the others wait for it.
/// Searches wait for nobody.
public final class VectorIndex: Sendable {
    /// What it is made for.
    public let parameters: VectorIndexParameters
    /// What searches use. It becomes another once, when there are enough vectors to fit codes to.
    private let current: Mutex<HNSWMemory>
    let writer: Mutex<HNSWWriter>

    /// An empty index.
    ///
    /// - parameters:
    ///   - sample: vectors to which the codes are fitted; without any, the first ones that are stored.
    public convenience init(_ parameters: VectorIndexParameters, sample: [[Float]] = []) {
        let quantizer = sample.isEmpty ? nil : ScalarQuantizer(fitting: sample, quantile: parameters.quantile)
        let memory = HNSWMemory(parameters.graph, quantizer, keepsVectors: !parameters.isOnDisk)
        self.init(parameters, HNSWWriter(memory, quantile: parameters.quantile))
    }

    init(_ parameters: VectorIndexParameters, _ writer: HNSWWriter) {
        self.parameters = parameters
        current = Mutex(writer.memory)
        self.writer = Mutex(writer)
    }

    /// What searches use now.
    var memory: HNSWMemory { current.withLock { $0 } }

    /// How many vectors there are.
    public var count: Int { memory.count }

    /// Whether there is a vector under a label.
    public func contains(_ label: UInt32) -> Bool { memory.node(of: label) != nil }

    /// Stores a vector under a label, in the place of the one that is there. It is found from now on.
    ///
    /// - parameters:
    ///   - label: a number that the caller chooses; memory is taken up to the greatest one.
    /// - throws: ``Failure`` `invalid_request` when the vector does not fit, or `too_many_vectors`.
    public func set(_ vector: [Float], label: UInt32) throws {
        let vector = try prepare(vector)
        guard label < RowMemory.rowLimit else { throw Self.full }
        try writer.withLock { writer in
            guard writer.hasRoom else { throw Self.full }
            if writer.memory.quantizer == nil, writer.memory.count >= parameters.exactBelow { fit(&writer) }
            writer.set(vector, label: label)
        }
    }

    /// Takes a label out. A search that runs meanwhile may still find it.
    ///
    /// - returns: whether it was there.
    @discardableResult
    public func remove(_ label: UInt32) -> Bool { writer.withLock { $0.remove(label: label) } }

    /// The vector of a label as the metric stores it, or nil when there is none or it is not in memory.
    public func vector(_ label: UInt32) throws -> [Float]? {
        let memory = memory
        return try memory.readers.read { _ in
            guard memory.keepsVectors, let node = memory.node(of: label), !memory.unfilled.contains(node) else {
                return nil
            }
            return Array(UnsafeBufferPointer(start: memory.vector(node), count: parameters.graph.dimensions))
        }
    }

    /// The memory that it takes up.
    public var bytes: VectorIndexBytes { writer.withLock { $0.bytes } }

    /// Whether codes that were fitted to earlier vectors do not fit those of late, so that searches miss more. Then a
    /// new index should be made with a sample of all vectors, and take the place of this one.
    public var isDrifted: Bool { writer.withLock { $0.fitness?.isLost ?? false } }

    // MARK: Linking

    /// How many writes the graph does not have in it yet; zero as long as there is no need for a graph.
    public var unlinkedCount: Int { writer.withLock { needsGraph($0) ? $0.waitingCount : 0 } }

    /// Whether the owner should call ``linkSome(_:)`` before it writes more.
    public var isBehind: Bool { backlog >= 1 }

    /// How many vectors wait to be linked, as a part of as many as may.
    public var backlog: Double { Double(unlinkedCount) / Double(parameters.unlinkedLimit) }

    /// Brings some of the writes into the graph that are not in it yet. Each takes as long as some searches, and lets
    /// other writers in between.
    ///
    /// - returns: how many: less than the limit when nothing is left.
    @discardableResult
    public func linkSome(_ limit: Int) -> Int {
        for done in 0..<max(0, limit) {
            guard writer.withLock({ needsGraph($0) && $0.linkNext() }) else { return done }
        }
        return max(0, limit)
    }

    private func needsGraph(_ writer: HNSWWriter) -> Bool {
        writer.memory.quantizer != nil && (writer.count > 0 || writer.memory.count >= parameters.exactBelow)
    }

    /// Makes codes of all vectors, which are in memory so far. Searches that run go on in what was there before.
    private func fit(_ writer: inout HNSWWriter) {
        let old = writer.memory
        let labels = (0..<UInt32(old.nodes.count)).filter { old.nodes[$0] != SharedNumbers.none }
        let step = max(1, labels.count / ScalarQuantizer.sampleLimit)
        let sample = stride(from: 0, to: labels.count, by: step).map { old.copyOfVector(old.nodes[labels[$0]]) }
        let quantizer = ScalarQuantizer(fitting: sample, quantile: parameters.quantile)
        let memory = HNSWMemory(parameters.graph, quantizer, keepsVectors: !parameters.isOnDisk)
        writer = HNSWWriter(memory, quantile: parameters.quantile)
        for label in labels { writer.set(old.copyOfVector(old.nodes[label]), label: label) }
        current.withLock { $0 = memory }
    }

    // MARK: Checks

    /// What must always hold and does not: nothing when all is well. It looks at the whole graph, and writers wait.
    public func checkInvariants() -> [String] { writer.withLock { $0.violations() } }

    func prepare(_ vector: [Float]) throws -> [Float] {
        try parameters.graph.metric.prepare(vector, dimensions: parameters.graph.dimensions)
    }

    private static var full: Failure {
        Failure(
            .invalid, code: "too_many_vectors",
            "A collection holds \(RowMemory.rowLimit) vectors at most. Divide it into several.")
    }
}
