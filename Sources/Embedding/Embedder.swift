import Caching
public import Core
public import Logging
import Outbound
import Synchronization
public import Telemetry

/// Turns texts into vectors by an OpenAI-compatible endpoint (`POST /embeddings`): those that wait at the same time go
/// together, what was asked lately is remembered, and failures that may pass are tried again until the time is up.
public final class Embedder: Sendable {
    /// A text whose vector is needed.
    public struct Input: Sendable {
        let text: String
        let space: VectorSpace

        /// A text, and where its vector must fit.
        public init(_ text: String, for space: VectorSpace) {
            self.text = text
            self.space = space
        }
    }

    private typealias Vectors = EmbeddingQueue.Vectors
    private typealias Wanted = EmbeddingQueue.Wanted

    private struct State {
        var queue: EmbeddingQueue
        var waiters: [Int: CheckedContinuation<Result<Vectors, Failure>, Never>] = [:]
    }

    /// What the endpoint calls the model.
    public let model: String
    private let timeout: Duration
    /// Whether the endpoint is told how many components are wanted.
    private let requestsDimensions: Bool
    private let sender: HTTPSender
    private let client: EmbeddingClient
    private let metrics: EmbeddingMetrics
    private let cache: ContentCache<[Float]>
    private let callCount = Atomic<Int>(0)
    private let state: Mutex<State>

    /// What the settings name; nil when they name no endpoint. Since it is the operator who does, it may be anywhere,
    /// on this machine too.
    ///
    /// - throws: ``Failure`` `embedding_key_invalid` for a key that cannot be sent, `tls_settings_invalid`.
    public init?(settings: SettingsValues, metrics registry: MetricsRegistry, logger: Logger) throws(Failure) {
        guard let url = settings[EmbeddingSettings.url].value else { return nil }
        model = settings[EmbeddingSettings.model]
        timeout = .milliseconds(settings[EmbeddingSettings.timeout])
        requestsDimensions = settings[EmbeddingSettings.requestDimensions].isOn
        sender = try HTTPSender(settings: settings, metrics: registry, networks: .everything)
        metrics = EmbeddingMetrics(registry)
        cache = ContentCache(
            "embeddings", capacity: settings[EmbeddingSettings.cacheMemory] << 20, metrics: registry)
        client = EmbeddingClient(
            try ModelEndpoint(
                url.endpoint, key: settings[EmbeddingSettings.apiKey], terms: .embedding, sender: sender,
                metrics: metrics.endpoint), model: model, metrics: metrics, logger: logger)
        state = Mutex(
            State(
                queue: EmbeddingQueue(
                    .init(
                        batch: settings[EmbeddingSettings.batch],
                        concurrency: settings[EmbeddingSettings.concurrency],
                        waiting: settings[EmbeddingSettings.waitingLimit]))))
    }

    /// The vectors of texts, in their order.
    ///
    /// - parameter patience: how long they are waited for, if that is less than `embedding.timeout`.
    /// - throws: ``Failure``: `text_refused` for a text that the endpoint does not take; `embedding_unavailable`,
    ///   `embedding_overloaded`, `embedding_timeout`, which may pass; `embedding_refused`, `embedding_invalid`,
    ///   `embedding_dimensions_differ`, `embedding_zero`, which name the setting to correct; `cancelled`, `stopping`.
    public func vectors(
        of inputs: [Input], within patience: Duration? = nil
    ) async throws(Failure) -> [[Float]] {
        do throws(Failure) {
            let wanted = inputs.map(question)
            var known: Vectors = [:]
            var missing: [Wanted] = []
            var asked: Set<ContentKey> = []
            for one in wanted where asked.insert(one.key).inserted {
                known[one.key] = cache.find(one.key)
                if known[one.key] == nil { missing.append(one) }
            }
            if !missing.isEmpty {
                known.merge(try await ask(missing, within: min(timeout, patience ?? timeout))) { $1 }
            }
            var vectors: [[Float]] = []
            for (one, input) in zip(wanted, inputs) {
                let vector = known[one.key] ?? []
                try check(vector, input.space)
                vectors.append(vector)
            }
            // What does not fit is asked for anew: the endpoint may have another model by then.
            for key in missing.map(\.key) {
                if let vector = known[key] { cache.insert(vector, for: key, cost: 4 * vector.count + 64) }
            }
            return vectors
        } catch {
            metrics.endpoint.count(error)
            throw error
        }
    }

    /// Ends what is under way.
    public func close() { sender.close() }

    /// What the endpoint is asked for a text: where it is told the number of components, that makes another vector.
    private func question(_ input: Input) -> Wanted {
        guard requestsDimensions else { return Wanted(key: ContentKey(model, input.text), text: input.text) }
        let dimensions = input.space.dimensions
        return Wanted(
            key: ContentKey(model, input.text, dimensions.description), text: input.text, dimensions: dimensions)
    }

    private func check(_ vector: [Float], _ space: VectorSpace) throws(Failure) {
        guard vector.count == space.dimensions else {
            throw .embeddingDimensions(vector.count, in: space, model: model)
        }
        guard vector.contains(where: { $0 != 0 }) else { throw .embeddingIsZero(model: model) }
    }

    private func ask(_ texts: [Wanted], within time: Duration) async throws(Failure) -> Vectors {
        if let refusal = client.refusal { throw refusal }
        let call = callCount.wrappingAdd(1, ordering: .relaxed).newValue
        let deadline = ContinuousClock.now + time
        let timer = Task { [weak self] in
            try await Task.sleep(until: deadline, clock: .continuous)
            self?.end(call, .failure(EndpointTerms.embedding.timeout))
        }
        defer { timer.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in begin(call, texts, until: deadline, waiter) }
        } onCancel: {
            end(call, .failure(Self.cancelled))
        }
        return try result.get()
    }

    private func begin(
        _ call: Int, _ texts: [Wanted], until deadline: ContinuousClock.Instant,
        _ waiter: CheckedContinuation<Result<Vectors, Failure>, Never>
    ) {
        let refusal: Failure? = state.withLock { state in
            do throws(Failure) {
                try state.queue.add(call, texts, until: deadline)
                state.waiters[call] = waiter
                return nil
            } catch {
                return error
            }
        }
        if let refusal { return waiter.resume(returning: .failure(refusal)) }
        // Whoever gave up before it was there was not heard.
        if Task.isCancelled { end(call, .failure(Self.cancelled)) }
        sendNext()
    }

    /// Sends what may go now.
    private func sendNext() {
        while let batch = state.withLock({ $0.queue.next() }) {
            Task { [self] in
                let results = await client.embed(
                    batch.texts, dimensions: batch.dimensions, until: batch.deadline ?? .now
                ) { [self] in state.withLock { $0.queue.isWanted(batch) } }
                finish(batch, results)
            }
        }
        tellWaiting()
    }

    private func tellWaiting() { metrics.waiting.set(Double(state.withLock { $0.queue.waitingCount })) }

    private func finish(_ batch: EmbeddingQueue.Batch, _ results: [Result<[Float], Failure>]) {
        let endings = state.withLock { state in
            state.queue.finish(batch, results).map { ending in
                (waiter: state.waiters.removeValue(forKey: ending.call), result: ending.result)
            }
        }
        for ending in endings { ending.waiter?.resume(returning: ending.result) }
        sendNext()
    }

    /// Nobody waits for a call any longer.
    private func end(_ call: Int, _ result: Result<Vectors, Failure>) {
        let waiter = state.withLock { state in
            state.queue.leave(call)
            return state.waiters.removeValue(forKey: call)
        }
        tellWaiting()
        waiter?.resume(returning: result)
    }

    private static var cancelled: Failure {
        Failure(.unavailable, code: "cancelled", "Whoever wanted the vectors gave them up before they were there.")
    }
}
