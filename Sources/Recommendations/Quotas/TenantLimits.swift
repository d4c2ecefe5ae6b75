public import Core

/// What single tenants may have in place of what all may have, as a setting says it:
/// `2:entities=1000,users=50;default:interactions=0`.
public struct TenantLimits: SettingText, Equatable {
    /// By tenant and by what is limited; 0 is without a limit.
    let limits: [Tenant: [RecommendationRoom.Kind: Int]]

    public static var forms: String {
        "tenants as answers name them, each with limits, such as 2:entities=1000,users=50;default:interactions=0"
    }

    /// Reads them.
    ///
    /// - throws: ``Failure`` `tenant_limits_invalid`.
    public init(_ text: String) throws(Failure) {
        var limits: [Tenant: [RecommendationRoom.Kind: Int]] = [:]
        for entry in text.split(separator: ";", omittingEmptySubsequences: false) {
            let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let tenant = Self.tenant(parts[0]), limits[tenant] == nil else {
                throw Self.invalid(entry)
            }
            var own: [RecommendationRoom.Kind: Int] = [:]
            for limit in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                let parts = limit.split(separator: "=", omittingEmptySubsequences: false).map(Self.trimmed)
                guard parts.count == 2, let kind = RecommendationRoom.Kind(rawValue: parts[0]), own[kind] == nil,
                    let count = Int(parts[1]), count >= 0
                else { throw Self.invalid(limit) }
                own[kind] = count
            }
            limits[tenant] = own
        }
        self.limits = limits
    }

    private static func tenant(_ text: Substring) -> Tenant? {
        let name = trimmed(text)
        guard name != Tenant.first.clientName else { return .first }
        return Int64(name).flatMap { $0 > 0 ? Tenant($0) : nil }
    }

    private static func trimmed(_ text: Substring) -> String { text.filter { $0 != " " } }

    private static func invalid(_ part: Substring) -> Failure {
        Failure(.invalid, code: "tenant_limits_invalid", "\"\(part.prefix(100))\" is not of the form \(forms).")
    }
}
