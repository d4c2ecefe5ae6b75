import ChangeLog
import Core
import Expressions
import Logging
import TestKit
import Testing

@testable import Observers

/// Observers are made ready once for all changes: what they say is parsed when they change, and not for each change.
@Suite(.timeLimit(.minutes(5))) struct ObserverCatalogTests {
    @Test(arguments: TestStore.Engine.allCases)
    func anObserverIsCompiledOnceForAllChanges(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.act(
                #"{"type": "log", "message": "{{ total }}"}"#, members: #""condition": "total > 1","#)
            let catalog = ObserverCatalog(fixture.store.log, logger: Logger(label: "test"))
            let first = try #require(try await catalog.refresh().observers.first)
            for total in 2...4 {
                try await fixture.order(total)
                // Each is a batch of its own.
                try await fixture.isMatched(Double(total - 1))
                #expect(try await catalog.refresh().observers.first === first)
            }
            let changes = try await fixture.store.log.changes(after: .start, limit: 100)
            var matcher = Matcher([first])
            var matched: [CompiledObserver] = []
            for change in changes {
                matcher.match(change, EventDocument(change), now: SystemTime().now()) { observer, _ in
                    matched.append(observer)
                }
            }
            #expect(matched.count == 3 && matched.allSatisfy { $0 === first })
            #expect(CompiledObserver(replaying: first).condition?.text == "total > 1")

            try await fixture.patch("acting", #"{"condition": "total > 3"}"#)
            let changed = try #require(try await catalog.refresh().observers.first)
            #expect(changed !== first && changed.condition?.text == "total > 3")
        }
    }
}
