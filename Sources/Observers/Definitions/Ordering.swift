/// Which deliveries of an observer wait for each other.
public enum Ordering: String, Sendable, CaseIterable {
    /// Those of one entity follow one another in the order of the log; those of different entities run side by side.
    case entity
    /// None.
    case none
    /// All of them follow one another in the order of the log.
    case strict
}
