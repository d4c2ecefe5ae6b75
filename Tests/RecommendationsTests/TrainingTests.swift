import ChangeLog
import Core
import Expressions
import Foundation
import TestKit
import Testing

@testable import Recommendations

/// What is learnt is used, kept, and never in the way.
@Suite struct TrainingTests {
    /// Two circles of users, each of which deals with six items in their order; `new` has begun with the first circle.
    private func circles(in world: RecommendationsWorld) async throws {
        try await world.items("a0", "a1", "a2", "a3", "a4", "a5", "b0", "b1", "b2", "b3", "b4", "b5")
        try await world.write { [role = world.role] unit in
            var drafts: [InteractionDraft] = []
            for user in 0..<60 {
                let circle = user % 2 == 0 ? "a" : "b"
                // Each leaves one out, so that there is something to predict.
                for item in 0..<6 where item != user % 6 {
                    let time = unit.now.advanced(bySeconds: Int64(user * 100 + item) - 10_000)
                    drafts.append(
                        InteractionDraft("u\(user)", .product("\(circle)\(item)"), .named("view"), time: time))
                }
            }
            try role.interactions.add(drafts, in: unit)
        }
        try await world.user("new", "view", "a0", "a1")
    }

    @Test(arguments: TestStore.Engine.allCases) func recommendsWhatOthersLikeThemDid(
        engine: TestStore.Engine
    ) async throws {
        let world = try await RecommendationsWorld(engine)
        try await circles(in: world)
        #expect(try world.answer(.user("new")).isColdStart)
        try await world.train()
        let answer = try world.answer(.user("new")) { $0.count = 4 }
        #expect(Set(answer.entries.map(\.item.id)) == ["a2", "a3", "a4", "a5"])
        #expect(!answer.isColdStart)
        #expect(answer.isOwn)
        #expect(answer.model != "none")
        for entry in answer.entries {
            let isTrue =
                switch entry.reason {
                case .chosenAround(let item), .chosenTogether(with: let item): ["a0", "a1"].contains(item.id)
                case .tastes: true
                default: false
                }
            #expect(isTrue, "\(entry.item.id): \(entry.reason)")
        }
        // What the user does next counts at once, without another training.
        try await world.user("new", "view", "b0", "b1", "b2")
        let next = try world.recommended(.user("new")) { $0.count = 3 }
        #expect(Set(next) == ["b3", "b4", "b5"])
        #expect(try world.answer(.user("new")).model == answer.model)
    }

    /// By what was learnt, and not only where nothing else is left.
    @Test(arguments: [RecommendationQuery.Algorithm.hybrid, .collaborative, .session, .contentBased])
    func whatIsKnownComesAgainWhereThatIsWanted(_ algorithm: RecommendationQuery.Algorithm) async throws {
        let world = try await RecommendationsWorld()
        try await circles(in: world)
        for circle in ["a", "b"] {
            try await world.write { [role = world.role] unit in
                let attributes = JSONObject([.init("circle", .string(circle))])
                try role.items.put(
                    (0..<6).map { ItemDraft(.product("\(circle)\($0)"), attributes: attributes) }, in: unit)
            }
        }
        try await world.train()
        try await world.user("new", "view", "a2", "a3")
        let known = ["a0", "a1", "a2", "a3"]
        for subject in [RecommendationQuery.Subject.user("new"), .items(known.map { .product($0) })] {
            let answer = try world.answer(subject) {
                ($0.algorithm, $0.count, $0.includesSeen) = (algorithm, 6, true)
            }
            #expect(Set(answer.entries.map(\.item.id)) == Set(known + ["a4", "a5"]), "\(subject)")
            #expect(answer.isOwn && answer.entries.allSatisfy { $0.reason.cause != $0.item }, "\(subject)")
            let boosted = try world.recommended(subject) {
                ($0.algorithm, $0.count, $0.includesSeen) = (algorithm, 6, true)
                $0.boosters = [.init(try Condition(parsing: "circle == 'a'"), factor: 2)]
            }
            #expect(Set(boosted) == Set(known + ["a4", "a5"]), "\(subject)")
            let new = try world.recommended(subject) { ($0.algorithm, $0.count) = (algorithm, 6) }
            #expect(Set(new.prefix(2)) == ["a4", "a5"] && Set(new).isDisjoint(with: known), "\(subject)")
        }
    }

    @Test func vectorsOfUsersPointToWhatFitsThem() async throws {
        let world = try await RecommendationsWorld()
        try await wait { world.role.isReady }
        #expect(try world.role.vectors(of: .first) == nil)
        try await circles(in: world)
        let untrained = try #require(try world.role.vectors(of: .first))
        #expect(untrained.model == "none" && untrained.vector(ofUser: "new") == nil)
        #expect(untrained.vector(of: .product("a3")) == nil)
        try await world.train()
        /// How well items of both circles fit a user.
        func fit(_ user: String) throws -> (a: Float, b: Float) {
            let vectors = try #require(try world.role.vectors(of: .first))
            #expect(try vectors.model == world.answer(.user("new")).model)
            let own = try #require(vectors.vector(ofUser: user))
            func product(_ id: String) throws -> Float {
                let item = try #require(vectors.vector(of: .product(id)))
                #expect(item.count == own.count)
                return zip(own, item).reduce(0) { $0 + $1.0 * $1.1 }
            }
            return (try product("a3"), try product("b3"))
        }
        let before = try fit("new")
        #expect(before.a > 2 * abs(before.b))
        // What the user does next is in it at once.
        try await world.user("new", "view", "b0", "b1", "b2")
        let after = try fit("new")
        #expect(after.b > before.b + 0.1)
        let vectors = try #require(try world.role.vectors(of: .first))
        #expect(vectors.vector(ofUser: "nobody") == nil && vectors.vector(of: .product("unheard")) == nil)
        try await world.user("late", "view", "unheard")
        #expect(vectors.vector(ofUser: "late") == nil)
    }

    @Test func findsWhatGoesTogether() async throws {
        let world = try await RecommendationsWorld()
        try await circles(in: world)
        try await world.train()
        let bundle = try world.answer(.bundle([.product("b0"), .product("b3")])) { $0.count = 4 }
        #expect(Set(bundle.entries.map(\.item.id)) == ["b1", "b2", "b4", "b5"])
        let similar = try world.recommended(.item(.product("a5"))) { $0.count = 5 }
        #expect(Set(similar) == ["a0", "a1", "a2", "a3", "a4"])
        let session = try world.recommended(.items([.product("a2"), .product("nothing"), .product("b4")])) {
            ($0.count, $0.algorithm) = (1, .session)
        }
        #expect(["b5", "b3"].contains(session.first))
        #expect(throws: Failure.self) { try world.recommended(.item(.product("nothing"))) }
    }

    @Test func leavesOutWhatIsGoneOrOutOfStockWhateverWasLearnt() async throws {
        let world = try await RecommendationsWorld()
        try await circles(in: world)
        try await world.train()
        try await world.items("a2", isAvailable: false)
        try await world.write { [role = world.role] in try role.items.delete(.product("a3"), in: $0) }
        let found = try world.recommended(.user("new")) { $0.count = 12 }
        #expect(Set(found) == ["a4", "a5", "b0", "b1", "b2", "b3", "b4", "b5"])
        #expect(Set(found.prefix(2)) == ["a4", "a5"])
    }

    @Test func keepsModelsOverARestart() async throws {
        let directory = try TemporaryDirectory()
        let first = try await RecommendationsWorld(directory: directory.path)
        try await circles(in: first)
        try await first.train()
        let before = try first.answer(.user("new"))
        let stored = try #require(try ModelFiles(directory: directory.path).read(.first))
        #expect(stored.keys.count == 12)
        let second = try await RecommendationsWorld(directory: directory.path, on: first.store)
        try await second.role.waitUntilKnown(first.role.follower.position, atMost: .seconds(60))
        let after = try second.answer(.user("new"))
        #expect(after.model == before.model)
        #expect(after.entries.map(\.item) == before.entries.map(\.item))
        // It was kept, so nothing has to be learnt.
        #expect(try await !second.role.trainer.trainNext())
    }

    /// Has a model be learnt of items most of which nobody needs any more afterwards.
    private func learnWhatIsSoonGone(in world: RecommendationsWorld) async throws {
        try await circles(in: world)
        try await world.write { [role = world.role] unit in
            let drafts = (0..<30).map { InteractionDraft("ann", .product("invented\($0)"), .named("view")) }
            try role.interactions.add(drafts, in: unit)
        }
        try await world.train()
        try await world.write { [role = world.role] in _ = try role.users.delete("ann", in: $0) }
    }

    /// Models whose items are mostly gone are neither kept nor taken over: their slots would be taken for ever.
    @Test(arguments: [false, true]) func slotsThatNobodyNeedsDoNotComeBack(isLearntAgain: Bool) async throws {
        let directory = try TemporaryDirectory()
        let files = ModelFiles(directory: directory.path)
        let first = try await RecommendationsWorld(
            directory: directory.path, settings: ["recommendations.training_growth": "0"])
        try await learnWhatIsSoonGone(in: first)
        #expect(try files.read(.first)?.keys.count == 42)
        if isLearntAgain {
            #expect(try await first.role.trainer.trainNext(at: .now + .seconds(60)))
            #expect(try files.read(.first) == nil)
        }
        let second = try await RecommendationsWorld(directory: directory.path, on: first.store)
        try await second.role.waitUntilKnown(first.role.follower.position, atMost: .seconds(60))
        #expect(second.role.index.find(.first)?.snapshot.catalog.count == 12)
        try await second.train()
        #expect(try files.read(.first)?.keys.count == 12)
        let found = try second.recommended(.user("new")) { $0.count = 4 }
        #expect(Set(found) == ["a2", "a3", "a4", "a5"])
    }

    /// A file that something is mounted on can be read, and root cannot remove it.
    @Test func aFileThatCannotBeRemovedHoldsNothingUp() async throws {
        let directory = try TemporaryDirectory()
        let first = try await RecommendationsWorld(directory: directory.path)
        try await learnWhatIsSoonGone(in: first)
        let file = directory.file("1.model")
        let isMounted = mount(file, file, "", UInt(MS_BIND), nil) == 0
        try #require(isMounted, "This test runs as root: \(String(cString: strerror(errno)))")
        defer { umount2(file, Int32(MNT_DETACH)) }
        let second = try await RecommendationsWorld(directory: directory.path, on: first.store)
        try await second.role.waitUntilKnown(first.role.follower.position, atMost: .seconds(60))
        #expect(second.role.isReady)
        #expect(second.role.index.find(.first)?.snapshot.catalog.count == 12)
        #expect(try ModelFiles(directory: directory.path).read(.first)?.keys.count == 42)
    }

    /// Where the index is made anew, its changes are counted from the beginning.
    @Test func learnsWhatWasReadAnew() async throws {
        let world = try await RecommendationsWorld()
        try await circles(in: world)
        try await world.train()
        try await world.role.index.rebuild()
        #expect(try world.answer(.user("new")).isColdStart)
        try await world.train()
        let found = try world.recommended(.user("new")) { $0.count = 4 }
        #expect(Set(found) == ["a2", "a3", "a4", "a5"])
    }

    /// As long as nobody reads from a pipe in the place of the file, the writing waits.
    @Test func aModelIsWrittenOnTheThreadThatLearntIt() async throws {
        let directory = try TemporaryDirectory()
        let world = try await RecommendationsWorld(directory: directory.path)
        try await circles(in: world)
        let pipe = directory.file("1.model.new")
        try #require(mkfifo(pipe, 0o600) == 0)
        let training = Task { try await world.train() }
        let index = try #require(world.role.index.find(.first))
        try await wait { index.snapshot.model.hybrid != nil }
        // A list of threads may leave some out while others end.
        try await wait {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").contains {
                let name = try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)
                return name == "training\n"
            }
        }
        #expect(try FileHandle(forReadingFrom: URL(fileURLWithPath: pipe)).readToEnd()?.isEmpty == false)
        try await training.value
    }

    @Test(arguments: ["", "short", "changed"]) func learnsAnewWhereAFileIsDamaged(damage: String) async throws {
        let directory = try TemporaryDirectory()
        let first = try await RecommendationsWorld(directory: directory.path)
        try await circles(in: first)
        try await first.train()
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: directory.path).first)
        let file = URL(fileURLWithPath: "\(directory.path)/\(name)")
        var bytes = try Data(contentsOf: file)
        switch damage {
        case "short": bytes.removeLast(100)
        case "changed": bytes[bytes.count / 2] ^= 1
        default: bytes = Data()
        }
        try bytes.write(to: file)
        let second = try await RecommendationsWorld(directory: directory.path, on: first.store)
        try await second.role.waitUntilKnown(first.role.follower.position, atMost: .seconds(60))
        #expect(try second.answer(.user("new")).isColdStart)
        try await second.train()
        let found = try second.recommended(.user("new")) { $0.count = 4 }
        #expect(Set(found) == ["a2", "a3", "a4", "a5"])
    }

    @Test func learnsFromNextToNothing() async throws {
        let world = try await RecommendationsWorld()
        try await world.train()
        try await world.items("a")
        try await world.train()
        #expect(try world.recommended(.user("ann")) == ["a"])
        try await world.user("ann", "view", "a")
        try await world.train()
        #expect(try world.recommended(.user("ann")).isEmpty)
        #expect(try world.recommended(.user("bob")) == ["a"])
        try await world.items("b")
        #expect(try world.recommended(.user("ann")) == ["b"])
    }

    @Test func learnsEachTenantByItself() async throws {
        let world = try await RecommendationsWorld()
        try await circles(in: world)
        try await world.items("x", "y", as: Tenant(2))
        try await world.user("new", "view", "x", as: Tenant(2))
        try await world.train()
        #expect(try world.recommended(.user("new"), as: Tenant(2)) == ["y"])
        let found = try world.recommended(.user("new")) { $0.count = 4 }
        #expect(Set(found) == ["a2", "a3", "a4", "a5"])
    }
}
