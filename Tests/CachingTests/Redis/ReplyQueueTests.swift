import NIOCore
import Testing

@testable import Caching

/// Replies go to those who asked, in their order.
@Suite struct ReplyQueueTests {
    private func moment(_ milliseconds: UInt64) -> NIODeadline { .uptimeNanoseconds(milliseconds * 1_000_000) }

    /// Who gets the next reply; nil for nobody, an empty text for one who has gone.
    private func next(_ queue: inout ReplyQueue<String>) -> String? {
        switch queue.replied() {
        case .waiter(let waiter): waiter
        case .gone: ""
        case .nobody: nil
        }
    }

    private func add(
        _ waiter: String, to queue: inout ReplyQueue<String>, bytes: Int, at now: NIODeadline, deadline: NIODeadline
    ) -> Bool {
        queue.add(waiter, bytes: bytes, at: now, deadline: deadline)
    }

    @Test func thePlaceOfOneWhoHasGoneStays() {
        var queue = ReplyQueue<String>()
        for (name, deadline) in [("a", 20), ("b", 10), ("c", 30)] as [(String, UInt64)] {
            #expect(add(name, to: &queue, bytes: 1, at: moment(0), deadline: moment(deadline)))
        }
        #expect(queue.nextDeadline == moment(10))
        let expired = queue.takeExpired(at: moment(10))
        #expect(expired == ["b"])
        let again = queue.takeExpired(at: moment(10))
        #expect(again.isEmpty)
        #expect(queue.nextDeadline == moment(20) && queue.silentSince == moment(0))
        #expect(next(&queue) == "a")
        #expect(next(&queue) == "")
        #expect(next(&queue) == "c")
        #expect(next(&queue) == nil)
        #expect(queue.nextDeadline == nil && queue.silentSince == nil)
    }

    @Test func itIsBoundedInCommandsAndBytes() {
        var queue = ReplyQueue<String>(countLimit: 2, byteLimit: 100)
        #expect(add("a", to: &queue, bytes: 60, at: moment(0), deadline: moment(1)))
        #expect(!add("b", to: &queue, bytes: 41, at: moment(0), deadline: moment(1)))
        #expect(add("c", to: &queue, bytes: 40, at: moment(0), deadline: moment(1)))
        #expect(!add("d", to: &queue, bytes: 0, at: moment(0), deadline: moment(1)))
        #expect(next(&queue) == "a")
        #expect(add("e", to: &queue, bytes: 60, at: moment(0), deadline: moment(1)))
        let left = queue.takeAll()
        #expect(left == ["c", "e"] && queue.count == 0)
    }
}
