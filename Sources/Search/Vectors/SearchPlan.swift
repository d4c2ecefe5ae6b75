/// How a search goes about finding the nearest: by the graph, or by a look at each vector that may be found.
enum SearchPlan: Equatable {
    /// Looks at each vector that may be found.
    case scan
    /// Goes through the graph, and gives up for a scan when it had to look at more nodes than that.
    case graph(visits: Int)

    /// How many nodes a search without a filter looks at for each that it keeps, per link of a node: measured with
    /// 100,000 vectors of 1,024 components.
    private static let visitsPerLink = 0.75
    /// How many vectors are scanned in the time in which a graph search looks at one: it finds them one after the
    /// other, a scan knows beforehand where they are.
    private static let scannedPerVisit = 2.0

    /// The cheaper way, by how many nodes each would look at.
    ///
    /// A filter that lets through one of ten makes the graph look at ten times as many nodes until enough are found. It
    /// is worse where what is allowed lies far from the query, which nobody knows beforehand: hence the limit.
    ///
    /// - parameters:
    ///   - linked: how many nodes the graph has.
    ///   - allowed: how many labels may be found.
    ///   - breadth: how many candidates the search keeps.
    ///   - m: how many neighbours a new node was linked to.
    static func choose(linked: Int, allowed: Int, breadth: Int, m: Int) -> SearchPlan {
        guard linked > 0, allowed > 0 else { return .scan }
        let visits = visitsPerLink * Double(m) * Double(breadth) * Double(linked) / Double(allowed)
        guard scannedPerVisit * min(visits, Double(linked)) < Double(allowed) else { return .scan }
        return .graph(visits: Int(Double(allowed) / scannedPerVisit))
    }
}
