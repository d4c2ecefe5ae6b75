public import Core
import Telemetry

/// How much each tenant may have of what recommendations are made of.
///
/// What there is is known from memory, so that no write has to count rows. All that was answered is known there. On top
/// of the limit comes what is written at the same moment, and nothing is refused until all has been read after a start.
public struct RecommendationQuotas: Sendable {
    private let index: RecommendationIndex
    private let limits: [RecommendationRoom.Kind: Int]
    private let tenantLimits: [Tenant: [RecommendationRoom.Kind: Int]]
    private let refusals: [RecommendationRoom.Kind: Counter]

    init(_ index: RecommendationIndex, settings: SettingsValues, metrics: MetricsRegistry) {
        self.index = index
        limits = [
            .entities: Int(settings[RecommendationsSettings.entityLimit]),
            .interactions: Int(settings[RecommendationsSettings.interactionLimit]),
            .users: Int(settings[RecommendationsSettings.userLimit]),
        ]
        tenantLimits = settings[RecommendationsSettings.tenantLimits].value?.limits ?? [:]
        let family = metrics.counter(
            "recommendation_refusals_total", "Rows that were refused because a tenant has as many as it may have.",
            labels: ["limit"])
        refusals = RecommendationRoom.Kind.allCases.reduce(into: [:]) { $0[$1] = family.with($1.rawValue) }
    }

    /// The room that a tenant has left.
    ///
    /// - parameter count: how many rows are to be written at most: where there is room for all of them, it is not asked
    ///   which are new.
    public func room(of tenant: Tenant, forRows count: Int = 1) -> RecommendationRoom {
        RecommendationRoom(index.find(tenant), limits: limits(of: tenant), count: count, refusals: refusals)
    }

    /// What a tenant may have; nothing where there is no limit.
    private func limits(of tenant: Tenant) -> [RecommendationRoom.Kind: Int] {
        limits.merging(tenantLimits[tenant] ?? [:]) { $1 }.filter { $0.value > 0 }
    }
}
