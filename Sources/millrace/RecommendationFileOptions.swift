import ArgumentParser
import Server

/// What an import of entities or interactions has besides what every import has.
struct RecommendationFileOptions: ParsableArguments {
    @Flag(
        help: """
            Each line is a basket: the ids of the entities that were taken together, in their order, separated by \
            commas, without a header. Line N is what the user basket-N did, purchase unless --set interaction_type \
            says otherwise.
            """)
    var baskets = false
    @Flag(help: "Entities that nobody has described are written without attributes, so that they are recommended.")
    var createEntities = false
    @Option(help: "What an entity is of which no row says it; product by default.") var entityType: String?
    @Option(
        help: """
            When the first of the rows was that do not say it, each a microsecond after the one before; by default \
            when the file was changed last.
            """)
    var start: String?

    /// Looks that all of it fits what is imported; nil is nothing that recommendations are made of.
    func validate(for kind: ImportKind?) throws {
        if kind?.isForRecommendations != true, entityType != nil {
            throw ValidationError("Only entities and interactions have --entity-type.")
        }
        if kind != .interactions, baskets || createEntities || start != nil {
            throw ValidationError("Only interactions have --baskets, --create-entities and --start.")
        }
        var defaults = RecommendationDefaults()
        if let start, !defaults.begin(at: start) {
            throw ValidationError("--start takes a date or time, such as 2026-11-21 or 2026-11-21T09:30:00Z.")
        }
    }

    /// What is said of rows.
    var defaults: RecommendationDefaults {
        var defaults = RecommendationDefaults()
        if let entityType { defaults.entityType = entityType }
        defaults.createsEntities = createEntities
        if let start { _ = defaults.begin(at: start) }
        return defaults
    }
}
