extension JSONObject {
    /// The object after a merge patch (RFC 7396): members that are null in the patch go, objects are merged in turn,
    /// and other values take the place of the old ones.
    public func merging(_ patch: JSONObject) -> JSONObject {
        let changes = Dictionary(patch.members.map { ($0.name, $0.value) }) { $1 }
        var merged: [Member] = []
        var old = Set<String>()
        for member in members {
            guard let change = changes[member.name] else {
                merged.append(member)
                continue
            }
            old.insert(member.name)
            if let value = Self.merge(change, into: member.value) { merged.append(.init(member.name, value)) }
        }
        for member in patch.members where !old.contains(member.name) {
            if let value = Self.merge(member.value, into: nil) { merged.append(.init(member.name, value)) }
        }
        return JSONObject(merged)
    }

    /// What becomes of a value, or of none; nil when it goes.
    private static func merge(_ change: JSONValue, into old: JSONValue?) -> JSONValue? {
        switch (change, old) {
        case (.null, _): nil
        case (.object(let changes), .object(let object)): .object(object.merging(changes))
        case (.object(let changes), _): .object(JSONObject().merging(changes))
        default: change
        }
    }
}
