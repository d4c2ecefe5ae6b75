public import Core

/// The settings of recommendations.
public enum RecommendationsSettings {
    /// How quickly a trend fades.
    public static let halfLife = Setting(
        "recommendations.trend_half_life", default: 7 * 24, unit: "hours", bounds: 1...87_600,
        moves: "recommendation_trend_weight",
        "After how long what users did counts half as much for what is trending.")

    /// What answers may take.
    public static let cacheSize = Setting(
        "recommendations.cache_size", default: 64 << 20, unit: "bytes", bounds: 0...1 << 40,
        moves: "cache_bytes{cache=\"recommendations\"}",
        "How many bytes answers may take that are kept for who asks the same again while nothing has changed; "
            + "0 keeps none.")

    /// How much has to be new for a model to be learnt anew.
    public static let trainingGrowth = Setting(
        "recommendations.training_growth", default: 5, unit: "percent", bounds: 0...100,
        moves: "recommendation_trainings_total",
        "Which part of a tenant's changes of items and interactions has to be new for its model to be learnt anew; "
            + "what users do counts in their answers at once all the same.")

    /// After how long a model is learnt anew whatever is new.
    public static let trainingInterval = Setting(
        "recommendations.training_interval", default: 3_600, unit: "s", bounds: 1...2_592_000,
        moves: "recommendation_trainings_total",
        "After how long a model is learnt anew when anything has changed, however little.")

    /// How much of the machine learning takes.
    public static let trainingShare = Setting(
        "recommendations.training_share", default: 50, unit: "percent", bounds: 1...100,
        moves: "recommendation_training_seconds",
        "How much of the time of all processors learning takes while it goes on; the rest is left to requests.")

    /// Whether the shop feeds recommendations.
    public static let shop = Setting(
        "recommendations.shop", default: Flag(true), moves: "shop_recommendation_changes_total",
        "Whether products of the shop are entities of the type product, available as long as there is any of them, and "
            + "orders are purchases of their customers. An order of three products is three writes more, after its "
            + "own. What the log does not tell any more is read from their tables.")

    /// How many entities a tenant has at most.
    public static let entityLimit = Setting(
        "recommendations.entity_limit", default: 1_000_000, unit: "entities", bounds: 0...1_000_000_000,
        moves: "recommendation_refusals_total{limit=\"entities\"}",
        "How many entities each tenant may have; 0 sets no limit.")

    /// How many interactions a tenant has at most.
    public static let interactionLimit = Setting(
        "recommendations.interaction_limit", default: 100_000_000, unit: "interactions", bounds: 0...1_000_000_000_000,
        moves: "recommendation_refusals_total{limit=\"interactions\"}",
        "How many interactions each tenant may have; 0 sets no limit.")

    /// How many users a tenant has at most.
    public static let userLimit = Setting(
        "recommendations.user_limit", default: 10_000_000, unit: "users", bounds: 0...1_000_000_000,
        moves: "recommendation_refusals_total{limit=\"users\"}",
        "How many users each tenant may have of whom anything is known; 0 sets no limit.")

    /// What single tenants may have.
    public static let tenantLimits = Setting(
        "recommendations.tenant_limits", default: OptionalSetting<TenantLimits>.none,
        moves: "recommendation_refusals_total",
        "What single tenants may have in place of the limits of all, by their tenant_id: "
            + "2:entities=1000,users=50;default:interactions=0 for example. What is not named is as for all.")

    /// All of them.
    public static let all: [AnySetting] = [
        halfLife.erased, cacheSize.erased, trainingGrowth.erased, trainingInterval.erased, trainingShare.erased,
        shop.erased, entityLimit.erased, interactionLimit.erased, userLimit.erased, tenantLimits.erased,
    ]
}
