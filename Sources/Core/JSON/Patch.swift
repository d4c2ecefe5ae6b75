/// What a merge patch (RFC 7396) says of one member.
public enum Patch<Value: Sendable>: Sendable {
    /// The member is not mentioned.
    case keep
    /// The member is null: its value goes.
    case remove
    /// The member has a new value.
    case set(Value)

    /// The value after the patch, where a value may be missing.
    public func applied(to old: Value?) -> Value? {
        switch self {
        case .keep: old
        case .remove: nil
        case .set(let new): new
        }
    }

    /// The value after the patch, where a value must be; what the patch removes falls back to a default.
    public func applied(to old: Value, default fallback: Value) -> Value {
        switch self {
        case .keep: old
        case .remove: fallback
        case .set(let new): new
        }
    }
}

extension Patch: Equatable where Value: Equatable {}
