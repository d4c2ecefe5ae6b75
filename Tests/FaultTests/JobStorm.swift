import Core
import Foundation
import Storage
import Synchronization
import TestKit
import Testing

/// Something that happened to an entity, as a custom event of the type `job`.
struct Job: Sendable {
    /// What is to be done about it.
    enum Kind: String, CaseIterable, Sendable {
        /// Nobody watches for it.
        case other
        /// It is delivered to a receiver that behaves badly, and counted.
        case wanted
        /// It is delivered to a receiver that never takes it.
        case refused
        /// It is delivered to the same receiver as the refused ones, which takes it.
        case mixed
    }

    let position: Int64
    let entity: Identifier
    let kind: Kind
    let at: Timestamp
}

/// Clients that make jobs on servers that may end at any moment.
struct JobStorm: Sendable {
    private static let clients = 8

    /// The entities that things happen to. Those at the beginning have the jobs that are refused.
    let entities: [Identifier]
    private let refusedCount: Int
    private let taken = Counter()

    /// How many jobs were acknowledged so far.
    var made: Int { taken.value }

    init(entities count: Int = 200, refused: Int = 10) {
        let generator = IdentifierGenerator()
        let now = SystemTime().now()
        entities = (0..<count).map { _ in generator.next(at: now) }
        refusedCount = refused
    }

    /// Makes jobs on one server after the other in turn.
    ///
    /// - parameters:
    ///   - times: how often each client does; nil is until the closure returns.
    ///   - meanwhile: what happens in the meantime.
    /// - returns: what the closure returns.
    @discardableResult
    func run<Outcome: Sendable>(
        on shops: [Shop], _ seed: UInt64, times: Int? = nil,
        meanwhile: @escaping @Sendable () async throws -> Outcome = {}
    ) async throws -> Outcome {
        let isOver = StopFlag()
        return try await withThrowingTaskGroup(of: Outcome?.self) { group in
            for client in 0..<Self.clients {
                let shop = shops[client % shops.count]
                group.addTask {
                    var random = SeededRandom(seed: seed &+ UInt64(client))
                    await run(on: shop, times: times ?? .max, &random) { times == nil && isOver.isRaised }
                    return nil
                }
            }
            group.addTask {
                defer { isOver.raise() }
                return try await meanwhile()
            }
            var outcome: Outcome?
            for try await result in group { outcome = result ?? outcome }
            guard let outcome else { throw Failure.internal("The storm ended with nothing.") }
            return outcome
        }
    }

    /// Waits until so many jobs are acknowledged in all; that they never are is a fault.
    func wait(untilMade count: Int) async throws {
        let isMade = try await eventually(within: .seconds(120)) { made >= count }
        #expect(isMade, "\(made) of \(count) jobs are made")
    }

    private func run(
        on shop: Shop, times: Int, _ random: inout SeededRandom, until isOver: () -> Bool
    ) async {
        guard let connection = try? shop.connect() else { return }
        for _ in 0..<times {
            guard !isOver() else { return }
            // A broken connection is what the storm waits for.
            guard let answer = try? await connection.exchange("POST", "/api/v1/events", job(&random)),
                answer.status == 200
            else { return }
            taken.add()
        }
    }

    private func job(_ random: inout SeededRandom) -> String {
        let entity = Int.random(in: 0..<entities.count, using: &random)
        let isOdd = Int.random(in: 0..<4, using: &random) == 0
        let kind: Job.Kind = entity < refusedCount ? (isOdd ? .mixed : .refused) : (isOdd ? .wanted : .other)
        return Self.body(entities[entity], kind)
    }

    /// Makes a job of this kind for each entity, and returns once all are acknowledged.
    func all(_ kind: Job.Kind, on shop: Shop) async throws {
        let connection = try shop.connect()
        for entity in entities {
            let answer = try await connection.exchange("POST", "/api/v1/events", Self.body(entity, kind))
            guard answer.status == 200 else { throw Failure.internal("A job was not taken: \(answer.text)") }
        }
    }

    private static func body(_ entity: Identifier, _ kind: Job.Kind) -> String {
        #"{"entity_type":"job","entity_id":"\#(entity)","data":{"kind":"\#(kind.rawValue)"}}"#
    }
}

/// What several tasks count together.
private final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .acquiring) }

    func add() { count.add(1, ordering: .acquiringAndReleasing) }
}
