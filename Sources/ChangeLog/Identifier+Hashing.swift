public import Core
import Crypto

extension Identifier {
    /// What something is in the change log whose own id is not a UUID: the same whenever it has the same bytes, so its
    /// history goes on when it is deleted and made again.
    ///
    /// It is a UUID of version 8 (RFC 9562, section 5.8) made of the first bytes of a SHA-256.
    public init(hashing bytes: [UInt8]) {
        var hash = SHA256()
        hash.update(data: bytes)
        let (high, low) = hash.finalize().withUnsafeBytes {
            ($0.loadUnaligned(as: UInt64.self).bigEndian, $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000, low: low.bigEndian >> 2 | 0x8000_0000_0000_0000)
    }
}
