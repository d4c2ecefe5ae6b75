import Core
import Crypto
import HTTPTypes
import NIOCore

/// An `Idempotency-Key` and the request that it stands for.
struct IdempotencyKey: Sendable, Hashable {
    /// The key within its scope: credential, method and path.
    let digest: Identifier
    /// What the request asks for, by which another request under the same key is noticed.
    let fingerprint: Identifier

    /// How long a key may be.
    static let lengthLimit = 255

    /// The key of a request, or nil when it has none.
    ///
    /// - throws: ``Failure`` `invalid_idempotency_key`.
    init?(_ request: APIRequest, method: HTTPRequest.Method) throws {
        guard method == .post, let text = request.headers[.idempotencyKey] else { return nil }
        guard (1...Self.lengthLimit).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Failure(
                .malformed, code: "invalid_idempotency_key",
                "Idempotency-Key takes 1 to \(Self.lengthLimit) visible ASCII characters without spaces.")
        }
        var scope = SHA256()
        Self.update(&scope, request.credential.id.bytes)
        for part in [method.rawValue[...], request.path, text[...]] {
            scope.update(data: Array(part.utf8))
            scope.update(data: [0])
        }
        digest = Self.identifier(scope.finalize())
        var content = SHA256()
        content.update(data: Array(request.query.utf8))
        content.update(data: [0])
        request.body.withUnsafeReadableBytes { content.update(bufferPointer: $0) }
        fingerprint = Self.identifier(content.finalize())
    }

    private static func update(_ hash: inout SHA256, _ words: (UInt64, UInt64)) {
        withUnsafeBytes(of: words) { hash.update(bufferPointer: $0) }
    }

    /// The first half of a digest, which is enough that two never meet by chance.
    private static func identifier(_ digest: SHA256.Digest) -> Identifier {
        digest.withUnsafeBytes { bytes in
            Identifier(
                high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }
}
