import Caching
import Core

/// Which texts go with which request, and who waits for them: texts that wait at the same time go together, and one
/// that several need goes once.
struct EmbeddingQueue: Sendable {
    typealias Vectors = [ContentKey: [Float]]

    /// How much there may be.
    struct Limits: Sendable {
        /// How many texts go with one request.
        let batch: Int
        /// How many requests are under way at a time.
        let concurrency: Int
        /// How many texts may wait.
        let waiting: Int
    }

    /// A text whose vector is needed.
    struct Wanted: Sendable {
        let key: ContentKey
        let text: String
        /// How many components the endpoint is asked for; nil leaves that to the model.
        var dimensions: Int?
    }

    /// Texts that go with one request.
    struct Batch: Sendable {
        fileprivate(set) var keys: [ContentKey] = []
        fileprivate(set) var texts: [String] = []
        /// How many components the endpoint is asked for; nil leaves that to the model.
        fileprivate(set) var dimensions: Int?
        /// When nobody waits for them any longer; nil when nobody does now.
        fileprivate(set) var deadline: ContinuousClock.Instant?
    }

    /// What becomes of a call.
    struct Ending: Sendable {
        let call: Int
        let result: Result<Vectors, Failure>
    }

    private struct Text {
        let text: String
        let dimensions: Int?
        /// Who needs it.
        var calls: Set<Int> = []
        var isUnderWay = false
    }

    private struct Call {
        var missing: Set<ContentKey>
        var vectors: Vectors = [:]
        let deadline: ContinuousClock.Instant
    }

    /// How many bytes of text go with one request, unless a single text has more.
    static let batchBytes = 4 << 20
    /// How many bytes of text may wait.
    static let waitingBytes = 256 << 20

    private let limits: Limits
    private var texts: [ContentKey: Text] = [:]
    /// The texts that wait, in the order in which they came.
    private var order: [ContentKey] = []
    private var bytes = 0
    private var calls: [Int: Call] = [:]
    private var requestCount = 0

    init(_ limits: Limits) { self.limits = limits }

    /// How many texts wait.
    var waitingCount: Int { order.count }

    /// Somebody needs the vectors of texts, each once, until a moment.
    ///
    /// - throws: ``Failure`` `embedding_overloaded`.
    mutating func add(
        _ call: Int, _ wanted: [Wanted], until deadline: ContinuousClock.Instant
    ) throws(Failure) {
        let new = wanted.filter { texts[$0.key] == nil }
        let newBytes = new.reduce(0) { $0 + $1.text.utf8.count }
        guard order.count + new.count <= limits.waiting, bytes + newBytes <= Self.waitingBytes else {
            throw .embeddingOverloaded
        }
        bytes += newBytes
        order += new.map(\.key)
        for one in wanted {
            texts[one.key, default: Text(text: one.text, dimensions: one.dimensions)].calls.insert(call)
        }
        calls[call] = Call(missing: Set(wanted.map(\.key)), deadline: deadline)
    }

    /// The texts that go next; nil when none may or none waits.
    mutating func next() -> Batch? {
        guard requestCount < limits.concurrency, !order.isEmpty else { return nil }
        var batch = Batch()
        var size = 0
        for key in order.prefix(limits.batch) {
            let text = texts[key]?.text ?? ""
            let dimensions = texts[key]?.dimensions
            size += text.utf8.count
            // A request asks for one number of components, so a text with another one begins the next.
            guard batch.keys.isEmpty || (size <= Self.batchBytes && dimensions == batch.dimensions) else { break }
            batch.dimensions = dimensions
            batch.keys.append(key)
            batch.texts.append(text)
            batch.deadline = [batch.deadline, deadline(of: key)].compactMap(\.self).max()
            texts[key]?.isUnderWay = true
            bytes -= text.utf8.count
        }
        order.removeFirst(batch.keys.count)
        requestCount += 1
        return batch
    }

    /// What came of the texts of a request, in their order. Returns the calls that are over by that.
    mutating func finish(_ batch: Batch, _ results: [Result<[Float], Failure>]) -> [Ending] {
        requestCount -= 1
        var endings: [Ending] = []
        for (key, result) in zip(batch.keys, results) {
            for call in (texts.removeValue(forKey: key)?.calls ?? []).sorted() {
                if let ending = tell(call, result, of: key) { endings.append(ending) }
            }
        }
        return endings
    }

    /// Somebody does not wait any longer. What only they needed goes with no request, unless it is under way.
    mutating func leave(_ number: Int) {
        guard let call = calls.removeValue(forKey: number) else { return }
        var dropped: Set<ContentKey> = []
        for key in call.missing {
            texts[key]?.calls.remove(number)
            guard let text = texts[key], text.calls.isEmpty, !text.isUnderWay else { continue }
            texts[key] = nil
            bytes -= text.text.utf8.count
            dropped.insert(key)
        }
        if !dropped.isEmpty { order.removeAll { dropped.contains($0) } }
    }

    /// Whether anybody waits for a text of a request that is under way.
    func isWanted(_ batch: Batch) -> Bool { batch.keys.contains { texts[$0]?.calls.isEmpty == false } }

    private func deadline(of key: ContentKey) -> ContinuousClock.Instant? {
        texts[key]?.calls.compactMap { calls[$0]?.deadline }.max()
    }

    private mutating func tell(_ number: Int, _ result: Result<[Float], Failure>, of key: ContentKey) -> Ending? {
        guard var call = calls[number] else { return nil }
        switch result {
        case .failure(let failure):
            leave(number)
            return Ending(call: number, result: .failure(failure))
        case .success(let vector):
            call.vectors[key] = vector
            call.missing.remove(key)
            calls[number] = call.missing.isEmpty ? nil : call
            return call.missing.isEmpty ? Ending(call: number, result: .success(call.vectors)) : nil
        }
    }
}
