import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Synchronization
import Telemetry

/// Counts answers, and writes the counts down once in a while: a crash loses those of some seconds, and a write for
/// each answer would cost more than the answer.
final class ServedCounts: Service {
    /// How long counts wait at most.
    private static let period = Duration.seconds(5)
    private struct State {
        var counts: [RecommendationOutcomes.Row: Int] = [:]
        var variants = VariantNames()
        /// The day on which the old days of a tenant were deleted last.
        var swept: [Tenant: Int64] = [:]
    }

    private let log: ChangeLog
    private let outcomes: RecommendationOutcomes
    private let state = Mutex(State())
    private let answers: [RecommendationQuery.Algorithm: Counter]
    private let logger: Logger

    init(_ log: ChangeLog, _ outcomes: RecommendationOutcomes, metrics: MetricsRegistry, logger: Logger) {
        self.log = log
        self.outcomes = outcomes
        self.logger = logger
        let family = metrics.counter(
            "recommendation_answers_total", "Answers with recommendations.", labels: ["algorithm"])
        answers = Dictionary(
            uniqueKeysWithValues: RecommendationQuery.Algorithm.allCases.map { ($0, family.with($0.rawValue)) })
    }

    /// Under what an answer of a variant is counted that is given now, which is what its id says too.
    func name(ofVariant variant: String, of tenant: Tenant) -> String {
        guard !variant.isEmpty else { return variant }
        let today = log.time.now().day
        return state.withLock { $0.variants.name(variant, of: tenant, on: today) }
    }

    /// Counts an answer.
    func add(_ served: ServedAnswer, of tenant: Tenant) {
        answers[served.algorithm]?.increment()
        let now = log.time.now()
        state.withLock { state in
            let variant = state.variants.name(served.variant, of: tenant, on: now.day)
            func row(_ kind: RecommendationOutcomes.Served) -> RecommendationOutcomes.Row {
                .init(tenant, now, served.algorithm, variant, kind: kind.rawValue)
            }
            state.counts[row(.answers), default: 0] += 1
            state.counts[row(.items), default: 0] += served.itemCount
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // Only a cancellation ends a rest early.
            while (try? await Task.sleep(for: Self.period)) != nil { await self.write() }
        }
        // What was counted until then is written too, by a task that is not cancelled.
        await Task { await self.write() }.value
    }

    /// Writes down what was counted since the last time, and once a day deletes what is too old.
    func write() async {
        let today = log.time.now().day
        let (counted, unswept) = state.withLock { state in
            let counted = state.counts
            state.counts = [:]
            let unswept = Set(counted.keys.map(\.tenant)).filter { state.swept[$0] != today }
            for tenant in unswept { state.swept[tenant] = today }
            return (counted, unswept)
        }
        guard !counted.isEmpty else { return }
        do {
            try await log.database.write(.readCommitted) { [outcomes] transaction in
                try outcomes.add(counted, in: transaction)
                for tenant in unswept { try outcomes.deleteOld(of: tenant, on: today, in: transaction) }
            }
        } catch {
            logger.warning("answers of some seconds are not counted", metadata: ["error": "\(error)"])
        }
    }
}

/// What is counted of an answer.
public struct ServedAnswer: Sendable {
    /// By what the items were ranked.
    public let algorithm: RecommendationQuery.Algorithm
    /// The variant; empty for none.
    public let variant: String
    /// How many items there were.
    public let itemCount: Int

    /// What is counted of an answer to a query.
    public init(_ recommendations: Recommendations, of query: RecommendationQuery) {
        algorithm = query.algorithm
        variant = query.variant
        itemCount = recommendations.entries.count
    }
}
