public import Core

/// What names an answer: clients send it back to get the next page, and with what a user does then, so that it is known
/// which answer led to it.
///
/// It says itself what was in the answer, so nothing has to be kept of it, and every instance can read it. Items stand
/// in it as hashes of four bytes. It is signed for its tenant against errors, not against forgery: who may ask for
/// recommendations may also tell what users do.
public struct RecommendationID: Sendable, Hashable {
    /// How many items one holds at most: whoever has gone through so many pages gets no further.
    public static let itemLimit = 500
    /// How long the name of a variant may be, in bytes of UTF-8.
    public static let variantLimit = 32
    /// How long one is at most, in characters.
    public static let lengthLimit = 3_000

    /// By what the items were ranked.
    public let algorithm: RecommendationQuery.Algorithm
    /// Under what it is counted of the variants of an experiment: as the client calls it, or among the others; empty
    /// for none.
    public let variant: String
    /// When it was answered, in minutes since 1970.
    public let minute: UInt32
    /// The hashes of the items, those of the pages before first.
    let items: [UInt32]

    init(_ algorithm: RecommendationQuery.Algorithm, variant: String, at time: Timestamp, items: [UInt32]) {
        self.algorithm = algorithm
        self.variant = variant
        minute = UInt32(clamping: time.microseconds / 60_000_000)
        self.items = items
    }

    /// When it was answered, to the minute.
    var time: Timestamp { Timestamp(microseconds: Int64(minute) * 60_000_000) }

    /// Whether an item was in the answer, or in one of the pages before it.
    public func contains(_ item: ItemKey) -> Bool { items.contains(item.shortHash) }

    /// Reads one.
    ///
    /// - returns: nil when it is none, or one of another tenant.
    public init?(_ text: String, of tenant: Tenant) {
        guard text.utf8.count <= Self.lengthLimit, let bytes = Base64URL.decode(text), bytes.count >= Self.leastSize,
            bytes[0] == Self.version
        else { return nil }
        let content = bytes.dropLast(4)
        let checksum = bytes.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard checksum == Self.checksum(of: content, tenant) else { return nil }
        let variantEnd = 7 + Int(bytes[6])
        guard RecommendationQuery.Algorithm.allCases.indices.contains(Int(bytes[1])),
            variantEnd <= content.count, (content.count - variantEnd) % 4 == 0,
            let variant = String(validating: content[7..<variantEnd], as: UTF8.self)
        else { return nil }
        algorithm = RecommendationQuery.Algorithm.allCases[Int(bytes[1])]
        minute = content[2..<6].reduce(0) { $0 << 8 | UInt32($1) }
        self.variant = variant
        items = stride(from: variantEnd, to: content.count, by: 4).map { start in
            content[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    /// It as text, for a tenant.
    public func text(of tenant: Tenant) -> String {
        var bytes: [UInt8] = [
            Self.version, UInt8(RecommendationQuery.Algorithm.allCases.firstIndex(of: algorithm) ?? 0),
        ]
        Self.append(minute, to: &bytes)
        let variant = Array(variant.utf8.prefix(Self.variantLimit))
        bytes.append(UInt8(variant.count))
        bytes += variant
        for item in items { Self.append(item, to: &bytes) }
        Self.append(Self.checksum(of: bytes[...], tenant), to: &bytes)
        return Base64URL.encode(bytes)
    }

    private static let version: UInt8 = 1
    private static let leastSize = 11

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }

    private static func checksum(of bytes: ArraySlice<UInt8>, _ tenant: Tenant) -> UInt32 {
        var hash = ShortHash()
        withUnsafeBytes(of: tenant.number.littleEndian) { hash.add($0) }
        hash.add(bytes)
        return hash.value
    }
}

/// FNV-1a of 64 bits (Fowler, Noll, Vo), folded to 32.
struct ShortHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    var value: UInt32 { UInt32(truncatingIfNeeded: state ^ state >> 32) }
}

extension ItemKey {
    /// What stands for it in a ``RecommendationID``.
    var shortHash: UInt32 {
        var hash = ShortHash()
        hash.add(type.utf8)
        hash.add(CollectionOfOne(0xFF))
        hash.add(id.utf8)
        return hash.value
    }
}
