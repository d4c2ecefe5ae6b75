extension JSONObject {
    /// The object after a merge patch (RFC 7396): members that are null in the patch go, objects are merged in turn,
    /// and other values take the place of the old ones.
    public func merging(_ patch: JSONObject) -> JSONObject {
        var merged = self
        for member in patch.members {
            let index = merged.members.firstIndex { $0.name == member.name }
            switch member.value {
            case .null:
                if let index { merged.members.remove(at: index) }
                continue
            case .object(let changes):
                var old = JSONObject()
                if let index, case .object(let object) = merged.members[index].value { old = object }
                merged.set(index, .init(member.name, .object(old.merging(changes))))
            default:
                merged.set(index, member)
            }
        }
        return merged
    }

    private mutating func set(_ index: Int?, _ member: Member) {
        if let index { members[index] = member } else { members.append(member) }
    }
}
