import Core
import Storage
import TestKit
import Testing

/// The jobs of the log, compared with what receivers got and what the tables say.
struct JobLedger: Sendable {
    let jobs: [Job]

    /// Reads the log to its end.
    static func read(_ store: ObservedStore) async throws -> JobLedger {
        let query: SQL = """
            SELECT position, entity_id, after_image, changed_at FROM changes WHERE entity_type = 'job' ORDER BY position
            """
        let jobs = try await store.rows(query) { row in
            let text = row.text(2)
            let kind = Job.Kind.allCases.first { text.contains("\"\($0.rawValue)\"") }
            return Job(
                position: row.integer(0), entity: try row.identifier(1), kind: kind ?? .other, at: row.timestamp(3))
        }
        return JobLedger(jobs: jobs)
    }

    /// The positions of those of some kinds.
    func positions(_ kinds: Job.Kind...) -> Set<Int64> {
        Set(jobs.filter { kinds.contains($0.kind) }.map(\.position))
    }

    /// Waits until everything is matched by the observers of ``JobObservers``, and nothing is left to be delivered.
    static func drained(_ store: ObservedStore, within time: Duration = .seconds(120)) async throws -> JobLedger {
        let ledger = try await read(store)
        let wanted = ledger.positions(.wanted).count
        let made = wanted + ledger.positions(.refused, .mixed).count
        var seen = (tallies: 0, made: 0, open: 0)
        let isDrained = try await eventually(within: time) {
            try await Task.sleep(for: .milliseconds(200))
            seen.tallies = try await store.count("SELECT COUNT(*) FROM tallies")
            seen.made = try await store.count("SELECT COUNT(*) FROM deliveries")
            seen.open = try await store.count("SELECT COUNT(*) FROM deliveries WHERE state IN (0, 1, 2)")
            return seen.tallies >= wanted && seen.made >= made && seen.open == 0
        }
        #expect(isDrained, "\(seen) of \(wanted) tallies and \(made) deliveries")
        return ledger
    }

    /// What came to a receiver is what was for it, and in the order of each entity.
    func expect(_ receiver: JobReceiver, got kinds: Job.Kind..., when: String) {
        let wanted = Set(jobs.filter { kinds.contains($0.kind) }.map(\.position))
        let received = receiver.received
        #expect(wanted.subtracting(received).isEmpty, "lost, \(when)")
        #expect(received.subtracting(wanted).isEmpty, "nobody watches for these, \(when)")
        let entities = Dictionary(jobs.map { ($0.position, $0.entity) }) { $1 }
        var latest: [Identifier: Int64] = [:]
        for position in receiver.firsts {
            guard let entity = entities[position] else { continue }
            let before = latest.updateValue(position, forKey: entity) ?? 0
            #expect(before < position, "\(before) came before \(position) of the same entity, \(when)")
        }
    }

    /// Each job that is to be counted is counted once.
    func expectTallies(_ store: ObservedStore, _ when: String) async throws {
        let tallies = try await store.rows("SELECT position, times FROM tallies") {
            (position: $0.integer(0), times: $0.integer(1))
        }
        #expect(Set(tallies.map(\.position)) == positions(.wanted), "\(when)")
        #expect(tallies.filter { $0.times != 1 }.isEmpty, "\(when)")
    }

    /// The dead letters are those that could not be delivered.
    func expectDeadLetters(_ store: ObservedStore, _ kinds: Job.Kind..., when: String) async throws {
        let dead = try await store.rows("SELECT position FROM dead_letters") { $0.integer(0) }
        #expect(dead.count == Set(dead).count, "\(when)")
        let wanted = Set(jobs.filter { kinds.contains($0.kind) }.map(\.position))
        #expect(Set(dead) == wanted, "\(when)")
    }
}
