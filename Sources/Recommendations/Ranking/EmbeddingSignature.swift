import Core

/// What makes an embedding like others, as a few small numbers of which alike embeddings share many.
///
/// Each bit is the side of a random plane that the embedding lies on; two embeddings with the angle θ between them
/// agree in it with the probability 1 - θ/π (M. Charikar, "Similarity Estimation Techniques from Rounding Algorithms",
/// 2002). Eight bits are a band: with a cosine of 0.9 two embeddings share nearly a third of their bands, with one of
/// 0.5 one in 25, and by chance one in 256.
enum EmbeddingSignature {
    private static let bandCount = 24

    /// The bands of an embedding; none of one that has no direction.
    static func bands(of embedding: [Double]) -> [UInt8] {
        guard embedding.contains(where: { $0 != 0 }) else { return [] }
        return (0..<bandCount).map { band in
            (0..<8).reduce(0) { $0 << 1 | (isAbove(band * 8 + $1, embedding) ? 1 : 0) }
        }
    }

    /// Whether an embedding lies above a plane, whose normal consists of 1 and -1.
    private static func isAbove(_ plane: Int, _ embedding: [Double]) -> Bool {
        var random = SplitMix64(seed: UInt64(plane))
        var (signs, sum): (UInt64, Double) = (0, 0)
        for (place, component) in embedding.enumerated() {
            if place % 64 == 0 { signs = random.next() }
            sum += signs & 1 == 0 ? component : -component
            signs >>= 1
        }
        return sum >= 0
    }
}
