import Core
import TestKit
import Testing

extension Collection where Element == WebhookReceiver.Request {
    /// Expects that no more than so many were under way at once, where each was answered a while after it came.
    func expectAtMost(
        _ limit: Int, eachLasting milliseconds: Int64, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (earlier, later) in zip(self, dropFirst(limit)) {
            let gap = later.receivedAt.microseconds - earlier.receivedAt.microseconds
            // The clock that dates requests is not the one that delays answers.
            #expect(gap >= milliseconds * 1_000 - 5_000, "\(later.number)", sourceLocation: sourceLocation)
        }
    }

    /// Expects that some came before the one before them was answered.
    func expectOverlap(eachLasting milliseconds: Int64, sourceLocation: SourceLocation = #_sourceLocation) {
        let gaps = zip(self, dropFirst()).map { $1.receivedAt.microseconds - $0.receivedAt.microseconds }
        #expect(gaps.contains { $0 < milliseconds * 1_000 }, "\(gaps)", sourceLocation: sourceLocation)
    }
}

extension WebhookReceiver.Request {
    /// What the event that it holds tells of its entity as it is now.
    func new(_ member: String) throws -> String? { try JSONParser.parse(body)["data"]?["new"]?[member]?.string }
}
