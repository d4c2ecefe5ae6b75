import Testing

/// The sources have no ways to end the process on input, to hide a failure or to wait by guess.
@Suite struct SafetyTests {
    /// Files that let time pass on purpose, with the reason.
    private static let mayLetTimePass = [
        "Sources/API/APIServer.swift": "the time that requests have to finish",
        "Sources/ChangeLog/ChangeSignal.swift": "the deadline of a wait",
        "Sources/ChangeLog/DatabaseTime.swift": "how often the clocks are compared",
        "Sources/ChangeLog/Following/Follower.swift": "the pause after a failure",
        "Sources/ChangeLog/Following/IdleWork.swift": "how long it rests between its turns",
        "Sources/ChangeLog/Leases/Lease.swift": "the moments at which a lease is renewed",
        "Sources/ChangeLog/Leases/Lease+Passes.swift": "the rest between two passes",
        "Sources/ChangeLog/LogTail.swift": "nobody tells of the end of a foreign transaction",
        "Sources/Embedding/Embedder.swift": "the deadline of a wait",
        "Sources/Embedding/Endpoints/ModelEndpoint.swift": "the pause after a failure",
        "Sources/Embedding/Ranking/CrossEncoder.swift": "the deadline of a wait",
        "Sources/Memories/Index/IndexKeeper.swift": "how often files are written",
        "Sources/Observers/Deliveries/DeliveryService.swift": "the time that deliveries have to end",
        "Sources/Observers/Deliveries/DeliverySweeper.swift": "the rest between two passes",
        "Sources/Observers/Deliveries/OutcomeRecorder.swift": "the pause after a failure",
        "Sources/Observers/File/ObserverFileService.swift": "how often the file is looked at",
        "Sources/Observers/Instances/Partitions.swift": "how often an instance says that it is there",
        "Sources/Observers/Matching/MatchingService.swift": "the pause after a failure",
        "Sources/Recommendations/Outcomes/ServedCounts.swift": "how often counts are written",
        "Sources/Recommendations/Training/TrainingThrottle.swift": "what a training leaves to others",
        "Sources/Server/Client/ServerClient.swift": "the time that a server asks to wait",
        "Sources/Storage/Postgres/PostgresListener.swift": "the pause before it connects again",
        "Sources/Storage/Postgres/PostgresPool.swift": "how often late waiters are looked for",
        "Sources/Storage/Postgres/PostgresWriting.swift": "the pause after a conflict, at random",
        "Sources/Storage/SQLite/SQLiteReaders.swift": "the deadline of a wait",
        "Sources/millrace/MemoriesCommand.swift": "how often a server is asked how far it is",
        "Sources/TestKit/Permits.swift": "the deadline of a wait",
        "Sources/TestKit/PostgresServer.swift": "processes of others give no sign of their end",
        "Sources/TestKit/RestingClock.swift": "it notes how long others would",
        "Sources/TestKit/ServerProcess.swift": "the deadline of a process",
        "Sources/TestKit/wait.swift": "what happens by itself gives no sign",
    ]

    private let sources: [SwiftSource]

    init() throws {
        sources = try Repository.shared().swiftSources(in: "Sources/")
        try #require(sources.count > 50)
    }

    private func expectNone(_ why: String, where matches: (String) -> Bool) {
        let places = sources.flatMap { $0.places(where: matches) }
        #expect(places.isEmpty, "\(why)\n\(places.joined(separator: "\n"))")
    }

    /// Whether code forces an optional, a cast or a throwing call. It follows a value; a negation goes before one.
    static func forcesUnwrap(_ code: String) -> Bool {
        code.contains(/[\w)\]}?>]!(?!=)/)
    }

    @Test func nothingIsForced() {
        expectNone("Use guard, try or as? and throw a Failure.", where: Self.forcesUnwrap)
    }

    @Test func nothingEndsTheProcess() {
        expectNone("Throw a Failure instead.") { line in
            line.contains(/\b(fatalError|precondition|preconditionFailure|assertionFailure|abort)\(/)
        }
    }

    @Test func noCatchIsSilent() {
        expectNone("Handle the error, or say why it does not matter.") { $0.contains(/\bcatch\s*(_\s*)?{\s*}/) }
    }

    @Test func nothingWaitsByGuess() {
        let waits = sources.filter { Self.mayLetTimePass[$0.path] == nil }
            .flatMap { $0.places { $0.contains(/(?:^|\W)(?:sleep|usleep|nanosleep)\(/) } }
        #expect(
            waits.isEmpty,
            "Wait for the event itself, or list the file with a reason.\n\(waits.joined(separator: "\n"))")
        for path in Self.mayLetTimePass.keys {
            let source = sources.first { $0.path == path }
            #expect(
                source?.places { $0.contains(/(?:^|\W)sleep\(/) }.isEmpty == false,
                "\(path) does not sleep: take it off the list")
        }
    }

    @Test func jsonIsReadAndWrittenByCore() {
        expectNone("Use JSONWriter, JSONParser and JSONFields of Core.") { line in
            line.contains(/\b(JSONEncoder|JSONDecoder|JSONSerialization)\b/)
        }
    }
}
