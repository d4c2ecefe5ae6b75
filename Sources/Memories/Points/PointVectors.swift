import Core
import Search

/// The vectors of a point by their place in the definition of its collection, and the bytes that stand for them in the
/// table: for each the place as two bytes, then its components as four bytes each, all with the least significant
/// byte first.
public struct PointVectors: Sendable, Equatable {
    /// A vector as it is stored and searched: with length one where the metric is the cosine.
    public struct Element: Sendable, Equatable {
        /// Its place in the definition of the collection.
        public let place: Int
        /// Its components.
        public let components: [Float]
    }

    /// The vectors by ascending place.
    public private(set) var elements: [Element] = []

    /// No vectors.
    public init() {}

    /// The vector at a place, or nil when the point has none there.
    public subscript(place: Int) -> [Float]? { elements.first { $0.place == place }?.components }

    /// Puts a vector at a place.
    public mutating func set(_ components: [Float], at place: Int) {
        elements.removeAll { $0.place == place }
        let index = elements.firstIndex { $0.place > place } ?? elements.endIndex
        elements.insert(Element(place: place, components: components), at: index)
    }

    /// Takes a vector out.
    public mutating func remove(at place: Int) { elements.removeAll { $0.place == place } }

    /// What stands in the table.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.reduce(0) { $0 + 2 + 4 * $1.components.count })
        for element in elements {
            bytes.append(UInt8(truncatingIfNeeded: element.place))
            bytes.append(UInt8(truncatingIfNeeded: element.place >> 8))
            StoredVector.append(element.components, to: &bytes)
        }
        return bytes
    }

    /// Reads what stands in the table.
    ///
    /// - throws: ``Failure`` `corrupt_row` when the bytes are no vectors of the definition.
    init(_ bytes: UnsafeRawBufferPointer, of definitions: [VectorDefinition]) throws {
        var offset = 0
        while offset < bytes.count {
            guard offset + 2 <= bytes.count else { throw Self.corrupt }
            let place = Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
            offset += 2
            guard definitions.indices.contains(place) else { throw Self.corrupt }
            let size = definitions[place].size
            guard offset + 4 * size <= bytes.count else { throw Self.corrupt }
            let part = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 4 * size])
            elements.append(Element(place: place, components: StoredVector.components(part)))
            offset += 4 * size
        }
    }

    private static var corrupt: Failure {
        Failure(.internal, code: "corrupt_row", "The vectors of a point are not those of its collection.")
    }
}
