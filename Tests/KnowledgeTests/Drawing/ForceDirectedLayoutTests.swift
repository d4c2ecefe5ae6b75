import Testing

@testable import Knowledge

/// Where nodes are placed.
@Suite struct ForceDirectedLayoutTests {
    private func places(_ count: Int, _ links: [(Int, Int)]) -> [Point] {
        var layout = ForceDirectedLayout(count: count, links: links)
        return layout.place()
    }

    /// Two cliques of six that one edge relates.
    private static let cliques = (0..<12).flatMap { first in
        (0..<first).filter { first / 6 == $0 / 6 }.map { (first, $0) }
    }

    @Test func whatIsRelatedIsNearEachOther() {
        let places = places(12, Self.cliques + [(0, 6)])
        let center = { (part: Range<Int>) in
            part.reduce(Point.zero) { $0 + places[$1] } * (1 / Double(part.count))
        }
        let (first, second) = (center(0..<6), center(6..<12))
        for index in 0..<12 {
            let (own, other) = index < 6 ? (first, second) : (second, first)
            #expect((places[index] - own).length < (places[index] - other).length, "\(index)")
        }
        let pair = self.places(2, [(0, 1)])
        let distance = (pair[0] - pair[1]).length
        #expect(distance > 0.6 * ForceDirectedLayout.distance && distance < 1.2 * ForceDirectedLayout.distance)
    }

    @Test func thePlacesOfAGraphAreAlwaysTheSame() {
        #expect(places(12, Self.cliques) == places(12, Self.cliques))
        #expect(places(12, Self.cliques + Self.cliques) == places(12, Self.cliques), "several edges pull as one")
    }

    @Test(arguments: [0, 1, 2, 50, 400]) func partsThatNothingRelatesStayTogetherAndApart(_ count: Int) {
        let places = places(count, [])
        #expect(places.count == count)
        #expect(places.allSatisfy { $0.length < ForceDirectedLayout.distance * Double(count).squareRoot() * 2 })
        for index in places.indices {
            #expect(places[..<index].allSatisfy { ($0 - places[index]).length > ForceDirectedLayout.distance / 8 })
        }
    }

    /// All of a large star would stand in few squares, each of which looks at all of the others.
    @Test func theWorkIsBounded() {
        var layout = ForceDirectedLayout(count: 3_000, links: (1..<3_000).map { (0, $0) }, pairLimit: 200_000)
        let places = layout.place()
        #expect(layout.pairs < 210_000 && layout.pairs >= 200_000, "\(layout.pairs)")
        #expect(places.allSatisfy { $0.length.isFinite })
    }
}
