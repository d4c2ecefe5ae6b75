import Core

/// The variants that are told apart in what is counted of a day. Clients make their names up, and each is rows that are
/// kept, so only so many are counted under their own names.
struct VariantNames: Sendable {
    /// How many variants of a day each tenant has counted by name, besides answers without one.
    static let limit = 100
    /// Under what all further ones are counted.
    static let other = "other"

    private var day: Int64 = .min
    private var names: [Tenant: Set<String>] = [:]

    /// Under what an answer is counted.
    ///
    /// - parameter today: the day of the answer. What was known of another day is forgotten.
    mutating func name(_ variant: String, of tenant: Tenant, on today: Int64) -> String {
        if today != day { (day, names) = (today, [:]) }
        guard !variant.isEmpty else { return variant }
        var known = names[tenant] ?? []
        if known.contains(variant) { return variant }
        guard known.count < Self.limit else { return Self.other }
        names[tenant] = nil
        known.insert(variant)
        names[tenant] = known
        return variant
    }
}
