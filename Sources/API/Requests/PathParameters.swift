/// The values that a request's path has where its route's template has names.
struct PathParameters: Sendable {
    private var entries: [(name: String, value: Substring)] = []

    /// The value as it stands in the path, percent-encoded.
    func encoded(_ name: String) -> Substring? {
        for entry in entries where entry.name == name { return entry.value }
        return nil
    }

    mutating func add(_ name: String, _ value: Substring) {
        entries.append((name, value))
    }
}
