import Core

/// Compares two JSON objects member by member.
public enum JSONDifference {
    /// The names of the members whose values differ, in the order of the later object, then those that are gone.
    public static func changedMembers(_ before: [UInt8], _ after: [UInt8]) throws -> [String] {
        guard before != after, case .object(let old) = try JSONParser.parse(before),
            case .object(let new) = try JSONParser.parse(after)
        else { return [] }
        let changed = new.members.filter { old[$0.name] != $0.value }.map(\.name)
        let gone = old.members.filter { new[$0.name] == nil }.map(\.name)
        return changed + gone
    }
}
