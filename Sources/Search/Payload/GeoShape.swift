import Core
import Foundation

/// A place on the earth, in degrees.
public struct GeoPoint: Sendable, Hashable {
    /// Degrees north of the equator.
    public let latitude: Double
    /// Degrees east of Greenwich.
    public let longitude: Double

    /// A place.
    public init(latitude: Double, longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
    }

    /// The mean radius of the earth in metres (IUGG, Moritz 2000, "Geodetic Reference System 1980").
    fileprivate static let earthRadius = 6_371_008.8

    /// Reads an object with the numbers `lat` and `lon`; whatever else it has does not matter.
    init?(_ value: JSONValue) {
        guard case .object(let object) = value, case .number(let latitude) = object["lat"],
            case .number(let longitude) = object["lon"], let latitude = Double(latitude),
            let longitude = Double(longitude), latitude.isFinite, longitude.isFinite
        else { return nil }
        self.init(latitude: latitude, longitude: longitude)
    }

    /// The distance along the surface in metres (the haversine formula).
    public func distance(to other: GeoPoint) -> Double {
        let degree = Double.pi / 180
        let northward = sin((other.latitude - latitude) * degree / 2)
        let eastward = sin((other.longitude - longitude) * degree / 2)
        let haversine =
            northward * northward + cos(latitude * degree) * cos(other.latitude * degree) * eastward * eastward
        return 2 * Self.earthRadius * asin(min(1, haversine.squareRoot()))
    }
}

/// What is nearer to a place than a radius.
public struct GeoCircle: Sendable {
    private let center: GeoPoint
    private let radius: Double
    /// How many degrees north or south of the center the circle goes at most.
    private let height: Double
    /// How many degrees east or west of the center it goes at most.
    private let width: Double

    /// A circle with a radius in metres.
    public init(center: GeoPoint, radius: Double) {
        self.center = center
        self.radius = radius
        let angle = radius / GeoPoint.earthRadius
        // A little more, so that rounding leaves nothing out.
        height = angle * 180 / .pi * 1.000_001
        let ratio = sin(min(angle, .pi / 2)) / cos(center.latitude * .pi / 180)
        // From one on there is a pole in the circle, and with it every longitude.
        width = ratio >= 1 ? 360 : asin(ratio) * 180 / .pi * 1.000_001
    }

    /// Whether a place is inside.
    @inline(__always)
    func contains(_ point: GeoPoint) -> Bool { mayContain(point) && center.distance(to: point) < radius }

    /// Whether the degrees of a place alone do not tell that it is outside. Payloads may have degrees that there are
    /// not; of those nothing is told.
    @inline(__always)
    private func mayContain(_ point: GeoPoint) -> Bool {
        guard abs(point.latitude) <= 90, abs(point.longitude) <= 180 else { return true }
        let eastward = abs(point.longitude - center.longitude)
        return abs(point.latitude - center.latitude) <= height && min(eastward, 360 - eastward) <= width
    }
}

/// An area on the earth. What stands on its edge is outside.
public enum GeoShape: Sendable {
    /// What is nearer to a place than a distance.
    case circle(GeoCircle)
    /// What is between two corners. When the first is east of the second, the box goes across the antimeridian.
    case box(northWest: GeoPoint, southEast: GeoPoint)
    /// What is within a ring and not in any of its holes. A ring ends where it begins.
    case polygon(exterior: [GeoPoint], interiors: [[GeoPoint]])

    /// Whether a place is inside.
    func contains(_ point: GeoPoint) -> Bool {
        switch self {
        case .circle(let circle): return circle.contains(point)
        case .box(let northWest, let southEast):
            guard point.latitude < northWest.latitude, point.latitude > southEast.latitude else { return false }
            let isEastOfWest = point.longitude > northWest.longitude
            let isWestOfEast = point.longitude < southEast.longitude
            let crosses = northWest.longitude > southEast.longitude
            return crosses ? isEastOfWest || isWestOfEast : isEastOfWest && isWestOfEast
        case .polygon(let exterior, let interiors):
            return Self.side(of: exterior, point) == .inside
                && interiors.allSatisfy { Self.side(of: $0, point) == .outside }
        }
    }

    private enum Side { case inside, edge, outside }

    /// On which side of a ring a place is: by how many edges a line from it to the east crosses.
    private static func side(of ring: [GeoPoint], _ point: GeoPoint) -> Side {
        var isInside = false
        for (start, end) in zip(ring, ring.dropFirst() + ring.prefix(1)) {
            let along = (end.longitude - start.longitude) * (point.latitude - start.latitude)
            let across = (end.latitude - start.latitude) * (point.longitude - start.longitude)
            let isBetween =
                (start.latitude - point.latitude) * (end.latitude - point.latitude) <= 0
                && (start.longitude - point.longitude) * (end.longitude - point.longitude) <= 0
            if along == across, isBetween { return .edge }
            guard (start.latitude > point.latitude) != (end.latitude > point.latitude) else { continue }
            let crossing = start.longitude + along / (end.latitude - start.latitude)
            if point.longitude < crossing { isInside.toggle() }
        }
        return isInside ? .inside : .outside
    }
}
