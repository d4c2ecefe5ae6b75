import ChangeLog
import Core
import Foundation
import Logging
import Storage
import TestKit
import Testing

@testable import Observers

/// The file of observers while a server runs: a change is taken over whole or not at all.
@Suite(.timeLimit(.minutes(5))) struct ReloadFlowTests {
    private let directory: TemporaryDirectory
    private let log = RecordedLog()
    private var path: String { directory.file("observers.yaml") }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func write(_ text: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func expectLoads(_ fixture: RoleFixture, accepted: Double, refused: Double? = nil) async throws {
        let outcomes = [("accepted", accepted), ("refused", refused ?? 0)].filter { $0.1 > 0 }
        for (outcome, count) in outcomes {
            let name = #"observer_file_loads_total{outcome="\#(outcome)"}"#
            #expect(try await fixture.metric(name, reaches: count) == count, "\(outcome)")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aChangedFileIsTakenAndABrokenOneIsNot(_ engine: TestStore.Engine) async throws {
        try write("observers: []\n")
        try await RoleFixture.run(engine, settings: ["observers.file": path], logger: log.logger) { fixture in
            func file(_ path: String, _ condition: String) -> String {
                """
                observers:
                  - name: watching
                    entity_types: [order]
                    condition: \(condition)
                    actions: [{type: webhook, url: "\(fixture.receiver.url(path))"}]
                """
            }
            try write(file("/one", "total > 100"))
            try await expectLoads(fixture, accepted: 2)
            try await fixture.order(150)
            #expect(try await fixture.received(1).map(\.path) == ["/one"])
            // The first version turns it down, and the second one is not asked about it.
            try await fixture.order(50)
            try await fixture.isMatched(2)

            try write(file("/two", "total > 10"))
            try await expectLoads(fixture, accepted: 3)
            try await fixture.order(60)
            let requests = try await fixture.received(2)
            #expect(requests.map(\.path) == ["/one", "/two"])
            let totals = try requests.map { try JSONParser.parse($0.body)["data"]?["new"]?["total"]?.string }
            #expect(totals == ["150.00", "60.00"])

            try write(file("/three", "total >"))
            try await expectLoads(fixture, accepted: 3, refused: 1)
            let report = log.lines.first { $0.level == .error }
            #expect(report?.metadata["file"] == path && report?.metadata["error"]?.contains("condition") == true)
            try await fixture.order(60)
            #expect(try await fixture.received(3).map(\.path) == ["/one", "/two", "/two"])
        }
    }

    /// What the role may not do is refused, and not tried again each second.
    @Test func aFileThatMayNotBeSetUpIsRefused() async throws {
        try write("observers: []\n")
        try await RoleFixture.run(.postgres, settings: ["observers.file": path], logger: log.logger) { fixture in
            try write("observers: []\nsetup: ['CREATE TABLE pg_catalog.nobodys (id BIGINT)']\n")
            try await expectLoads(fixture, accepted: 1, refused: 1)
            #expect(log.lines.contains { $0.metadata["error"]?.contains("may not do this") == true })
        }
    }

    /// Nobody knows which observers are in force then, so the statements of all of them are.
    @Test func statementsOfAFileOfUnknownOutcomeAreInForceWithThoseBefore() throws {
        let old = ["a": try NamedStatement("SELECT 1"), "b": try NamedStatement("SELECT 2")]
        let new = ["b": try NamedStatement("SELECT 3"), "c": try NamedStatement("SELECT 4")]
        let unknown = Failure(.unavailable, code: "storage_outcome_unknown", "Nobody knows.")
        let both = ObserverFileService.statements(after: unknown, old: old, new: new)
        #expect(try both.mapValues { try $0.bind([]).text } == ["a": "SELECT 1", "b": "SELECT 3", "c": "SELECT 4"])
        let refused = Failure(.conflict, code: "name_taken", "It is taken.")
        #expect(ObserverFileService.statements(after: refused, old: old, new: new).keys.sorted() == ["a", "b"])
    }

    /// An observer of the file has a name that is taken, so nothing of the file is in force: not its statements either.
    @Test(arguments: TestStore.Engine.allCases)
    func statementsOfAFileThatIsNotTakenAreNotInForce(_ engine: TestStore.Engine) async throws {
        func file(_ amount: Int) -> String {
            DatabaseActionTests.file.replacing("{{ event.position | default('1') }}", with: "1")
                .replacing(":amount)", with: ":amount * \(amount))")
        }
        try write(file(1))
        try await RoleFixture.run(engine, settings: ["observers.file": path], logger: log.logger) { fixture in
            try await DatabaseActionTests.makeCounters(fixture)
            try await fixture.observe(#"{"name": "taken", "actions": [{"type": "log", "message": "x"}]}"#)
            try write(file(100) + "\n  - {name: taken, actions: [{type: log, message: x}]}\n")
            try await expectLoads(fixture, accepted: 1, refused: 1)
            try await fixture.order(10)
            try await DatabaseActionTests.wait(fixture, until: 1)
            #expect(try await DatabaseActionTests.total(fixture) == 1)
        }
    }
}
