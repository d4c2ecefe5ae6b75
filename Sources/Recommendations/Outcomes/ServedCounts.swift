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
    /// How many different things are counted at once at most; variants are named by clients.
    private static let limit = 10_000

    private let log: ChangeLog
    private let outcomes: RecommendationOutcomes
    private let counts = Mutex<[RecommendationOutcomes.Row: Int]>([:])
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

    /// Counts an answer.
    func add(_ served: ServedAnswer, of tenant: Tenant) {
        answers[served.algorithm]?.increment()
        let now = log.time.now()
        func row(_ kind: RecommendationOutcomes.Served) -> RecommendationOutcomes.Row {
            .init(tenant, now, served.algorithm, served.variant, kind: kind.rawValue)
        }
        counts.withLock { counts in
            guard counts.count < Self.limit else { return }
            counts[row(.answers), default: 0] += 1
            counts[row(.items), default: 0] += served.itemCount
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

    /// Writes down what was counted since the last time.
    func write() async {
        let counted = counts.withLock { counts in
            let counted = counts
            counts = [:]
            return counted
        }
        guard !counted.isEmpty else { return }
        do {
            try await log.database.write(.readCommitted) { [outcomes] in try outcomes.add(counted, in: $0) }
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
