public import Core
import Foundation
public import Learning
import Search

/// What of the attributes of an item makes it like others.
///
/// Each attribute counts as much as any other, however much stands in it: a text is its words, each by 1 + ln of how
/// often it stands there; a list is its elements, or an embedding where they
/// are numbers (``EmbeddingSignature``); a boolean is itself; a number is the two halves of an octave that it
/// is between, each by how near it is, so that 9.99 and 10.50 are much alike and 10 and 1,000 are not.
public enum AttributeFeatures {
    /// How many features of one attribute count at most.
    private static let limit = 200

    /// The features of attributes that are JSON; none where that cannot be read.
    static func features(of attributes: [UInt8]) -> [ItemFeature] {
        guard case .object(let object)? = try? JSONParser.parse(attributes) else { return [] }
        return features(of: object)
    }

    /// The features of attributes.
    public static func features(of attributes: JSONObject) -> [ItemFeature] {
        var sums: [UInt64: Float] = [:]
        for member in attributes.members {
            var own: [UInt64: Float] = [:]
            add(member.value, of: member.name, to: &own)
            let length = own.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for (term, weight) in own.sorted(by: { $0.key < $1.key }).prefix(limit) {
                sums[term, default: 0] += weight / length
            }
        }
        return sums.sorted { $0.key < $1.key }.map { ItemFeature($0.key, $0.value) }
    }

    private static func add(_ value: JSONValue, of name: String, to own: inout [UInt64: Float]) {
        switch value {
        case .bool(let value): own[hash(name, value ? "true" : "false"), default: 0] += 1
        case .string(let text):
            var counts: [UInt64: Float] = [:]
            for word in Tokenizer.words(text) { counts[hash(name, word), default: 0] += 1 }
            for (term, count) in counts { own[term] = 1 + log(count) }
        case .array(let elements):
            for case .string(let text) in elements { own[hash(name, text.lowercased())] = 1 }
            let embedding = ItemDraft.embedding(elements) ?? []
            for (place, band) in EmbeddingSignature.bands(of: embedding).enumerated() {
                own[hash(name, [UInt8(place), band])] = 1
            }
        case .number(let digits):
            guard let number = Double(digits), number.isFinite else { return }
            let place = number == 0 ? 0 : (log2(abs(number)) * 2 + 4_096) * (number < 0 ? -1 : 1)
            let nearness = Float(place - place.rounded(.down))
            own[hash(name, "\(Int(place.rounded(.down)))"), default: 0] += 1 - nearness
            if nearness > 0 { own[hash(name, "\(Int(place.rounded(.down)) + 1)"), default: 0] += nearness }
        case .null, .object: return
        }
    }

    private static func hash(_ name: String, _ value: String) -> UInt64 { hash(name, Array(value.utf8)) }

    /// FNV-1a (Fowler, Noll, Vo) of the name and the value with a byte between them that stands in neither.
    private static func hash(_ name: String, _ value: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for byte in name.utf8 { add(byte) }
        add(0xFF)
        for byte in value { add(byte) }
        return hash
    }
}
