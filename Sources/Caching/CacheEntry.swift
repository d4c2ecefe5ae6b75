import Core
import NIOCore

/// An image with the position at which it was read, as it stands in Redis:
///
///     "MR"  format  0   read at   version   length    JSON
///      2       1    1      8         8         4     length     bytes, numbers in network order
///
/// The version is 0 for none.
struct CacheEntry: Equatable {
    let image: CachedImage
    /// A position that the snapshot included which it was read from.
    let readAt: LogPosition

    private static let mark = UInt16(UInt8(ascii: "M")) << 8 | UInt16(UInt8(ascii: "R"))
    /// Another one is another version's business.
    private static let format: UInt8 = 1
    private static let headBytes = 24

    init(image: CachedImage, readAt: LogPosition) {
        self.image = image
        self.readAt = readAt
    }

    /// Reads an entry. Returns nil for bytes that are none, or one of another format.
    init?(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard
            let (mark, format, _, position, version, length) = bytes.readMultipleIntegers(
                as: (UInt16, UInt8, UInt8, Int64, Int64, UInt32).self),
            mark == Self.mark, format == Self.format, position >= 0, version >= 0, bytes.readableBytes == Int(length),
            let json = bytes.readBytes(length: Int(length))
        else { return nil }
        image = CachedImage(json: json, version: version == 0 ? nil : version)
        readAt = LogPosition(position)
    }

    /// The entry as bytes.
    var bytes: ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: Self.headBytes + image.json.count)
        buffer.writeMultipleIntegers(
            Self.mark, Self.format, UInt8(0), readAt.value, image.version ?? 0,
            UInt32(truncatingIfNeeded: image.json.count))
        buffer.writeBytes(image.json)
        return buffer
    }
}
