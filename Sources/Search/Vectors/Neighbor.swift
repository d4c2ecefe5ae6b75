/// A node and how far its code is from another one, in one number that sorts by distance and then by node.
struct Neighbor: Comparable {
    /// The number that it is sorted by.
    let key: UInt64

    /// The neighbour that has a key.
    @inline(__always)
    init(key: UInt64) { self.key = key }

    @inline(__always)
    init(_ node: UInt32, distance: Int32) {
        // The sign is turned around, so that negative distances come first among numbers without a sign.
        key = UInt64(UInt32(bitPattern: distance) ^ 0x8000_0000) << 32 | UInt64(node)
    }

    /// A node and how far its vector is: the bits of a Float sort like a whole number, those of negative ones the other
    /// way round.
    @inline(__always)
    init(_ node: UInt32, floatDistance: Float) {
        // Adding zero turns the negative zero into the other one, which is as far.
        let bits = Int32(bitPattern: (floatDistance + 0).bitPattern)
        self.init(node, distance: bits < 0 ? bits ^ .max : bits)
    }

    @inline(__always)
    var floatDistance: Float {
        Float(bitPattern: UInt32(bitPattern: distance < 0 ? distance ^ .max : distance))
    }

    @inline(__always)
    var node: UInt32 { UInt32(truncatingIfNeeded: key) }

    @inline(__always)
    var distance: Int32 { Int32(bitPattern: UInt32(truncatingIfNeeded: key >> 32) ^ 0x8000_0000) }

    @inline(__always)
    static func < (left: Neighbor, right: Neighbor) -> Bool { left.key < right.key }
}
