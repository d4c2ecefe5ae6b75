/// A way to find out what to recommend.
public enum Algorithm: String, Sendable, Hashable, CaseIterable {
    /// What is chosen most of all (``Popularity``).
    case popular
    /// What was chosen most lately.
    case trending
    /// What stands together with the items of the history (``ItemCoOccurrence``).
    case itemNeighbors = "item_knn"
    /// What the items of the history predict, each with the others taken into account (``EASE``).
    case ease
    /// What comes around the items of the history (``SessionTransitions``).
    case transitions
    /// What fits the factors of the history (``ImplicitALS``).
    case als
    /// What is like the items of the history by what is known of them (``ContentModel``).
    case content
}
