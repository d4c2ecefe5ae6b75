/// Finds what somebody probably meant by a name that is unknown.
enum NearestName {
    /// The known name with the fewest edits from a name, else the shortest that has it as a part: `total_amount` for
    /// `total`. Nil when none is near.
    static func of(_ name: String, among known: some Sequence<String>) -> String? {
        let limit = max(2, name.count / 3)
        let distances = known.map { (name: $0, distance: distance(name, $0)) }.filter { $0.distance <= limit }
        if let nearest = distances.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) { return nearest.name }
        let longer = known.filter { $0.hasPrefix(name + "_") || $0.hasSuffix("_" + name) }
        return longer.min { ($0.count, $0) < ($1.count, $1) }
    }

    /// How many characters must be inserted, removed or replaced to make one of the other
    /// (Wagner and Fischer, "The String-to-String Correction Problem", 1974, with one row of the table at a time).
    static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other.lowercased().prefix(128))
        var row = Array(0...other.count)
        for (index, character) in one.lowercased().prefix(128).enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let replaced = diagonal + (other[column] == character ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}
