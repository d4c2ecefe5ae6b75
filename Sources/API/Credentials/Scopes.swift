/// What a credential may do: a set of `resource:action`, where `*` stands for any of either.
public struct Scopes: Sendable, Hashable {
    /// The scopes as they were given, for example `orders:read`, `orders:*`, `*:read` or `*`.
    public let names: [String]

    /// How many scopes a credential may have.
    public static let limit = 64

    /// Scopes by name, or nil when one is not of the form `resource:action`.
    public init?(_ names: [String]) {
        guard (1...Self.limit).contains(names.count), names.allSatisfy(Self.isValid) else { return nil }
        self.names = names
    }

    private init(trusted names: [String]) {
        self.names = names
    }

    /// Everything.
    public static let all = Scopes(trusted: ["*"])
    /// Nothing.
    static let none = Scopes(trusted: [])

    /// Whether a scope is among them, by name or by a wildcard.
    public func allow(_ scope: String) -> Bool {
        names.contains { Self.matches($0, scope) }
    }

    /// Whether every scope of another set is among them.
    func allowAll(of other: Scopes) -> Bool {
        other.names.allSatisfy(allow)
    }

    private static func matches(_ pattern: String, _ scope: String) -> Bool {
        if pattern == "*" || pattern == scope { return true }
        let wanted = scope.split(separator: ":", maxSplits: 1)
        let allowed = pattern.split(separator: ":", maxSplits: 1)
        guard wanted.count == 2, allowed.count == 2 else { return false }
        return (allowed[0] == "*" || allowed[0] == wanted[0]) && (allowed[1] == "*" || allowed[1] == wanted[1])
    }

    private static func isValid(_ name: String) -> Bool {
        if name == "*" { return true }
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        return name.utf8.count <= 64 && parts.count == 2
            && parts.allSatisfy { part in
                part == "*"
                    || !part.isEmpty
                        && part.utf8.allSatisfy {
                            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
                        }
            }
    }
}
