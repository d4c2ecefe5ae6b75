/// The line of an edge: straight when it is the only one between its nodes, bent beside the others, and a loop when it
/// leads to where it comes from.
struct EdgeCurve {
    /// How far the lines between two nodes are from each other.
    private static let distance = 36.0
    /// What stays free between a node and the point of an arrow.
    private static let gap = 2.0

    /// What SVG draws.
    let path: String
    /// Where its name stands.
    let middle: Point
    /// Points between which all of it lies.
    let extremes: [Point]

    /// The lines of all edges.
    ///
    /// - parameters:
    ///   - ends: the places of the ends of each edge among the nodes.
    ///   - places: where the nodes are.
    static func all(_ ends: [(Int, Int)], _ places: [Point]) -> [EdgeCurve] {
        var counts: [[Int]: Int] = [:]
        for (source, target) in ends { counts[[min(source, target), max(source, target)], default: 0] += 1 }
        var drawn: [[Int]: Int] = [:]
        return ends.map { source, target in
            let pair = [min(source, target), max(source, target)]
            let number = drawn[pair, default: 0]
            drawn[pair] = number + 1
            guard source != target else { return EdgeCurve(loop: number, at: places[source]) }
            let offset = (Double(number) - Double((counts[pair] ?? 1) - 1) / 2) * distance
            // The edges there and those back are on different sides.
            return EdgeCurve(
                from: places[source], to: places[target], bent: source < target ? offset : -offset)
        }
    }

    private init(from start: Point, to end: Point, bent offset: Double) {
        let way = end - start
        let length = max(way.length, 0.1)
        let across = Point(x: -way.y / length, y: way.x / length)
        middle = (start + end) * 0.5 + across * offset
        // A curve goes through the middle between its control point and that of its ends.
        let control = (start + end) * 0.5 + across * (2 * offset)
        let first = Self.moved(start, towards: control, by: SVGWriter.radius)
        let last = Self.moved(end, towards: control, by: SVGWriter.radius + Self.gap)
        let curve = offset == 0 ? "L\(Self.text(last))" : "Q\(Self.text(control)) \(Self.text(last))"
        path = "M\(Self.text(first))\(curve)"
        extremes = [middle]
    }

    private init(loop number: Int, at place: Point) {
        let size = 36 + Double(number) * 18
        let foot = Point(x: SVGWriter.radius * 0.6, y: -SVGWriter.radius * 0.8)
        let (first, last) = (place + Point(x: -foot.x, y: foot.y), place + Point(x: foot.x, y: foot.y - Self.gap))
        let (left, right) = (place + Point(x: -size, y: -size * 1.4), place + Point(x: size, y: -size * 1.4))
        path = "M\(Self.text(first))C\(Self.text(left)) \(Self.text(right)) \(Self.text(last))"
        middle = place + Point(x: 0, y: -size * 1.1)
        extremes = [left, right]
    }

    private static func moved(_ point: Point, towards other: Point, by distance: Double) -> Point {
        let way = other - point
        return way.length > distance ? point + way * (distance / way.length) : point
    }

    private static func text(_ point: Point) -> String { "\(SVGWriter.text(point.x)) \(SVGWriter.text(point.y))" }
}
