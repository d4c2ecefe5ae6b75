/// A field of payloads whose values are indexed.
public struct PayloadField: Sendable, Hashable {
    /// What its values are. Other values stay unindexed: filters that ask for them read payloads.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Texts that are compared as a whole.
        case keyword
        /// Whole numbers of 64 bits.
        case integer
        /// Numbers.
        case float
        /// `true` and `false`.
        case bool
        /// Texts that are UUIDs, with less memory than as keywords.
        case uuid
        /// Texts that are times.
        case datetime
        /// Objects with `lat` and `lon`.
        case geo
        /// Texts that are searched by their words.
        case text
    }

    /// Where the values stand.
    public let path: PayloadPath
    /// What they are.
    public let kind: Kind
    /// Whether whole numbers can be looked up by their value. Without it an index of many distinct ones is smaller.
    public let isLookedUp: Bool
    /// Whether whole numbers can be compared with bounds.
    public let isRanged: Bool

    /// A field by its path and kind. The flags matter to whole numbers only.
    public init(_ path: PayloadPath, _ kind: Kind, isLookedUp: Bool = true, isRanged: Bool = true) {
        self.path = path
        self.kind = kind
        self.isLookedUp = isLookedUp
        self.isRanged = isRanged
    }
}
