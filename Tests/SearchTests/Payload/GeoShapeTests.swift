import TestKit
import Testing

@testable import Search

@Suite struct GeoShapeTests {
    private static let latitudes = [0, 45, 80, 89.5, -90, 90]
    private static let longitudes = [0, 100, 179.9, -180]
    private static let radii = [10, 50_000, 2e6, 1.2e7, 3e7]
    private let berlin = GeoPoint(latitude: 52.52, longitude: 13.405)

    @Test func distancesAreThoseOfTheEarth() {
        let london = GeoPoint(latitude: 51.5074, longitude: -0.1278)
        let sydney = GeoPoint(latitude: -33.8688, longitude: 151.2093)
        #expect((930_000...933_000).contains(berlin.distance(to: london)))
        #expect((16_080_000...16_110_000).contains(berlin.distance(to: sydney)))
        #expect(berlin.distance(to: berlin) == 0)
        let pole = GeoPoint(latitude: 90, longitude: 0)
        #expect(abs(pole.distance(to: GeoPoint(latitude: -90, longitude: 77)) - 20_015_114) < 10)
    }

    /// What a circle tells from degrees is what the distance says: at the poles, across the antimeridian, and for
    /// degrees that there are not.
    @Test func circlesAreDistances() {
        var random = SeededRandom.fresh()
        var inside = 0
        for _ in 0..<40_000 {
            let latitude = Self.latitudes.randomElement(using: &random) ?? 0
            let longitude = Self.longitudes.randomElement(using: &random) ?? 0
            let radius = Self.radii.randomElement(using: &random) ?? 0
            let center = GeoPoint(latitude: latitude, longitude: longitude)
            let spread = min(200, radius / 60_000)
            let turn = Double(Int.random(in: -1...1, using: &random)) * 360
            let point = GeoPoint(
                latitude: latitude + Double.random(in: -spread...spread, using: &random),
                longitude: longitude + turn + Double.random(in: -2 * spread...2 * spread, using: &random))
            let expected = center.distance(to: point) < radius
            #expect(GeoCircle(center: center, radius: radius).contains(point) == expected, "\(random) \(point)")
            inside += expected ? 1 : 0
        }
        #expect((5_000..<35_000).contains(inside))
    }

    private func ring(_ corners: [(Double, Double)]) -> [GeoPoint] {
        corners.map { GeoPoint(latitude: $0.0, longitude: $0.1) }
    }

    @Test func polygonsHaveHolesAndNoEdges() {
        let shape = GeoShape.polygon(
            exterior: ring([(0, 0), (0, 10), (10, 10), (10, 0), (0, 0)]),
            interiors: [ring([(4, 4), (4, 6), (6, 6), (6, 4), (4, 4)])])
        let inside = [(1.0, 1.0), (3.999, 5), (9.999, 9.999)]
        let outside = [(5.0, 5.0), (4, 5), (6, 6), (0, 5), (5, 0), (10, 10), (-1, 5), (5, 11), (11, 5)]
        #expect(ring(inside).allSatisfy(shape.contains))
        #expect(!ring(outside).contains(where: shape.contains))
    }
}
