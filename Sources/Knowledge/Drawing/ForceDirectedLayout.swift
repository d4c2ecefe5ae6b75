/// A place in a plane, or a way from one to another.
struct Point: Equatable, Sendable {
    var x: Double
    var y: Double

    static let zero = Point(x: 0, y: 0)

    var length: Double { (x * x + y * y).squareRoot() }

    static func + (left: Point, right: Point) -> Point { Point(x: left.x + right.x, y: left.y + right.y) }
    static func - (left: Point, right: Point) -> Point { Point(x: left.x - right.x, y: left.y - right.y) }
    static func * (point: Point, factor: Double) -> Point { Point(x: point.x * factor, y: point.y * factor) }
    static func += (point: inout Point, other: Point) { point = point + other }
}

/// Places nodes so that those that are related are near each other, and no two too near (T. Fruchterman and E.
/// Reingold, "Graph Drawing by Force-directed Placement", 1991).
///
/// The start is a spiral in the order of the nodes, and no function is used that machines compute differently, so the
/// same graph is always placed alike.
struct ForceDirectedLayout {
    /// How far from each other two related nodes like to be.
    static let distance = 120.0

    /// Up to how many nodes all repel each other; more of them only those that are near.
    private static let closeCount = 300
    /// How often nodes are moved.
    private static let rounds = 60...300
    /// After how many looks at two nodes they stay where they are.
    static let pairLimit = 20_000_000
    private var places: [Point]
    private let links: [(Int, Int)]
    private let pairLimit: Int
    /// How many times two nodes were looked at.
    private(set) var pairs = 0

    /// - parameters:
    ///   - links: the places of the ends of each edge among the nodes.
    ///   - pairLimit: after how many looks at two nodes no further ones are taken.
    init(count: Int, links: some Sequence<(Int, Int)>, pairLimit: Int = Self.pairLimit) {
        self.pairLimit = pairLimit
        var seen: Set<[Int]> = []
        self.links = links.filter { $0 != $1 && seen.insert([min($0, $1), max($0, $1)]).inserted }
        // Each turns by the golden angle, which fills a disc evenly.
        let turn = Point(x: -0.7373688780783197, y: 0.6754902942615238)
        var direction = Point(x: 1, y: 0)
        places = (0..<count).map { index in
            defer {
                direction = Point(
                    x: direction.x * turn.x - direction.y * turn.y, y: direction.x * turn.y + direction.y * turn.x)
                direction = direction * (1 / direction.length)
            }
            return direction * (0.6 * Self.distance * (Double(index) + 0.5).squareRoot())
        }
    }

    /// Where the nodes are.
    mutating func place() -> [Point] {
        guard places.count > 1 else { return places }
        let rounds = min(max(30_000 / places.count, Self.rounds.lowerBound), Self.rounds.upperBound)
        for round in 0..<rounds {
            guard pairs < pairLimit else { break }
            // As on a metal that cools, nodes move less and less.
            move(atMost: Self.distance * (1.01 - Double(round) / Double(rounds)))
        }
        return places
    }

    private mutating func move(atMost limit: Double) {
        let gravity = gravity
        var moves = places.map { $0 * -gravity }
        repel(&moves)
        pairs += links.count
        for (first, second) in links {
            let way = places[second] - places[first]
            let pull = way * (way.length / Self.distance)
            moves[first] += pull
            moves[second] += pull * -1
        }
        for (index, move) in moves.enumerated() {
            let length = move.length
            guard length > 0 else { continue }
            places[index] += move * (min(length, limit) / length)
        }
    }

    private var allRepel: Bool { places.count <= Self.closeCount }

    /// How strongly the middle attracts, so that parts that nothing relates stay together, and at about the distance
    /// from each other that related nodes like. Where only those repel each other that are near, less does that the
    /// more there are.
    private var gravity: Double { allRepel ? 0.4 : 20 / Double(places.count) }

    private mutating func repel(_ moves: inout [Point]) {
        if allRepel {
            for index in places.indices { moves[index] += push(on: index, from: places.indices) }
            return
        }
        let size = 2 * Self.distance
        var cells: [Cell: [Int]] = [:]
        for (index, place) in places.enumerated() { cells[Cell(place, size: size), default: []].append(index) }
        for (index, place) in places.enumerated() {
            let cell = Cell(place, size: size)
            for neighbor in cell.around {
                guard let others = cells[neighbor], pairs < pairLimit else { continue }
                moves[index] += push(on: index, from: others, within: size)
            }
        }
    }

    private mutating func push(
        on index: Int, from others: some Collection<Int>, within reach: Double = .infinity
    ) -> Point {
        pairs += others.count
        var push = Point.zero
        for other in others where other != index {
            var way = places[index] - places[other]
            // Two in one place go apart, each another way.
            if way.length < 0.01 { way = Point(x: index < other ? -0.01 : 0.01, y: 0.01 * Double(index - other)) }
            let length = way.length
            if length < reach { push += way * (Self.distance * Self.distance / (length * length)) }
        }
        return push
    }

    /// A square of the plane.
    private struct Cell: Hashable {
        let column: Int
        let row: Int

        init(column: Int, row: Int) {
            self.column = column
            self.row = row
        }

        init(_ place: Point, size: Double) {
            column = Int((place.x / size).rounded(.down))
            row = Int((place.y / size).rounded(.down))
        }

        /// It and the eight around it.
        var around: [Cell] {
            (-1...1).flatMap { row in (-1...1).map { Cell(column: column + $0, row: self.row + row) } }
        }
    }
}
