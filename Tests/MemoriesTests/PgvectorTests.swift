import ChangeLog
import Core
import Foundation
import Search
import Storage
import Telemetry
import TestKit
import Testing

@testable import Memories

/// What holds of pgvector alone: its tables, several servers, and what is wrong with it.
@Suite struct PgvectorTests {
    private struct Place {
        let server: PostgresServer
        let url: String
        var settings: [String: String] { ["memories.engine": "pgvector", "memories.pgvector_url": url] }
        var database: String { url.split(separator: "/").last.map(String.init) ?? "" }

        func ask(_ sql: String) throws -> String {
            try server.execute(sql, in: database).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    private func place() async throws -> Place {
        let server = try await PostgresServer.sharedWithVectors()
        return Place(server: server, url: try server.makeDatabase())
    }

    private func name(_ collection: PointCollection) -> String { VectorSet(collection, 0).name }

    // MARK: Tables

    @Test func eachCollectionHasATableWithAnIndexThatIsUsed() async throws {
        let place = try await place()
        let world = try await MemoryWorld(.sqlite, settings: place.settings)
        var random = SeededRandom.fresh()
        let sample = try VectorSample(3_000, size: 8, .dot, &random)
        let collection = try await world.make("a", of: sample)
        let definition = try place.ask("SELECT indexdef FROM pg_indexes WHERE indexname = '\(name(collection))_hnsw'")
        #expect(definition.contains("USING hnsw (embedding") && definition.contains("vector_ip_ops"))
        #expect(definition.contains("m='16'") && definition.contains("ef_construction='100'"))
        let hits = try await world.find(PointQuery(.nearest(.vector(sample.vectors[0]))), in: "a")
        #expect(hits.count == 10)
        try await world.write { [role = world.role] in _ = try role.collections.delete("a", in: $0) }
        #expect(try place.ask("SELECT count(*) FROM pg_tables WHERE tablename = '\(name(collection))'") == "0")
        #expect(try place.ask("SELECT count(*) FROM vector_tables") == "0")
    }

    /// What a search sends is answered by the index, which goes on until there are as many as are wanted.
    @Test func theIndexAnswersWhatIsNotExact() async throws {
        let place = try await place()
        // So few rows would be compared otherwise, where many are wanted.
        _ = try place.ask("ALTER DATABASE \(place.database) SET enable_seqscan = off")
        let engine = try engine(place.settings)
        try await engine.check()
        let set = VectorSet(Identifier(high: 1, low: 2), 0, VectorDefinition(size: 8, metric: .euclid))
        #expect(try await engine.open(set) == nil)
        var random = SeededRandom.fresh()
        for start in stride(from: 0, to: 4_000, by: 500) {
            let writes = (start..<start + 500).map {
                VectorWrite(key: .number(UInt64($0)), vector: VectorSample.vector(8, &random))
            }
            try await engine.apply(writes, to: set, at: LogPosition(5))
        }
        try await engine.finishFilling(set, at: LogMark(LogPosition(5), "c"))
        #expect(try await engine.open(set) == LogMark(LogPosition(5), "c"))
        var query = NearestQuery(vector: VectorSample.vector(8, &random), limit: 3_000)
        let found = try engine.nearest(query, in: set)
        #expect(Set(found.map(\.key)).count == 3_000, "\(random)")
        query.isExact = true
        let exact = try engine.nearest(query, in: set)
        #expect(exact.map(\.score) == exact.map(\.score).sorted() && exact.count == 3_000)
        // What a session has counted is told when it ends.
        engine.close()
        let question = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '\(set.name)_hnsw'"
        for _ in 0..<100 where try place.ask(question) == "0" { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try place.ask(question) == "1", "the exact one compares all")
    }

    @Test func whoIsLateReplacesNothingNewer() async throws {
        let place = try await place()
        let engine = try engine(place.settings)
        try await engine.check()
        let set = VectorSet(Identifier(high: 3, low: 4), 0, VectorDefinition(size: 2, metric: .euclid))
        _ = try await engine.open(set)
        try await engine.finishFilling(set, at: LogMark(LogPosition(1), "c"))
        let (one, two) = (PointKey.number(1), PointKey.text("two"))
        try await engine.apply(
            [VectorWrite(key: one, vector: [1, 0]), VectorWrite(key: two, vector: nil)], to: set, at: LogPosition(10))
        try await engine.apply(
            [VectorWrite(key: one, vector: [9, 0]), VectorWrite(key: two, vector: [2, 0])], to: set, at: LogPosition(9))
        let query = NearestQuery(vector: [0, 0], limit: 5)
        #expect(try engine.nearest(query, in: set).map(\.score) == [1])
        #expect(try await engine.keys(of: set) == [one])
        try await engine.apply([VectorWrite(key: two, vector: [2, 0])], to: set, at: LogPosition(11))
        #expect(try engine.nearest(query, in: set).map(\.key) == [one, two])
        try await engine.save(LogMark(LogPosition(7), "c"), of: [set])
        #expect(try await engine.open(set) == LogMark(LogPosition(7), "c"))
        try await engine.save(LogMark(LogPosition(2), "c"), of: [set])
        #expect(try await engine.open(set) == LogMark(LogPosition(7), "c"))
        try await engine.apply([VectorWrite(key: one, vector: nil)], to: set, at: LogPosition(12))
        try await engine.save(LogMark(LogPosition(200_000), "c"), of: [set])
        #expect(try place.ask("SELECT count(*) FROM \(set.name)") == "1", "what is gone is forgotten in the end")
        engine.close()
    }

    @Test func largeVectorsHaveAnIndexOfHalvesAndLargerOnesStayHere() async throws {
        let place = try await place()
        let world = try await MemoryWorld(.sqlite, settings: place.settings)
        var random = SeededRandom.fresh()
        let half = try VectorSample(60, size: 3_000, .cosine, &random)
        let collection = try await world.make("half", of: half)
        let definition = try place.ask("SELECT indexdef FROM pg_indexes WHERE indexname = '\(name(collection))_hnsw'")
        #expect(definition.contains("halfvec_cosine_ops"))
        let query = PointQuery(.nearest(.vector(half.vectors[3])))
        let hits = try await world.find(query, in: "half")
        #expect(hits.map(\.key) == half.nearest(half.vectors[3], 10).map { .number(UInt64($0)) }, "\(random)")
        #expect(abs((hits.first?.score ?? 0) - 1) < 1e-5, "ranked by the whole vectors")
        let large = try VectorSample(20, size: 3_000, .dot, &random)
        let kept = try await world.make("large", of: large)
        #expect(try place.ask("SELECT count(*) FROM pg_tables WHERE tablename = '\(name(kept))'") == "0")
        #expect(try await world.find(PointQuery(.nearest(.vector(large.vectors[0]))), in: "large").count == 10)
    }

    /// A start takes what is there, and does not write it again.
    @Test func aRestartWritesNothingAgain() async throws {
        let place = try await place()
        let first = try await MemoryWorld(.sqlite, settings: place.settings)
        let collection = try await first.make("a")
        try await first.put(1...700, into: collection)
        await first.stop()
        let rows = "SELECT md5(string_agg(xmin::text, ',' ORDER BY key)) FROM \(name(collection))"
        let before = try place.ask(rows)
        let second = try await MemoryWorld(.sqlite, settings: place.settings, on: first.store)
        try await second.role.waitUntilFound(second.store.log.seen, atMost: .seconds(60))
        #expect(try await second.nearest(to: 7, limit: 1, in: "a") == [.number(7)])
        #expect(try place.ask(rows) == before)
        await second.stop()
        // Without the note that it is complete, it is filled again.
        _ = try place.ask(
            "DELETE FROM vector_tables; DELETE FROM \(name(collection)) WHERE key = '\\x010000000000000007'")
        let third = try await MemoryWorld(.sqlite, settings: place.settings, on: first.store)
        try await third.role.waitUntilFound(third.store.log.seen, atMost: .seconds(60))
        #expect(try await third.nearest(to: 7, limit: 1, in: "a") == [.number(7)])
        await third.stop()
    }

    @Test func aTableThatSomebodyDeletedIsFilledAgain() async throws {
        let place = try await place()
        let world = try await MemoryWorld(.sqlite, settings: place.settings)
        let collection = try await world.make("a")
        try await world.put(1...30, into: collection)
        _ = try place.ask("DROP TABLE \(name(collection))")
        let failed = await failure { _ = try await world.nearest(to: 3, in: "a") }
        #expect(failed?.code == "vector_set_missing")
        try await world.put(31...32, into: collection)
        #expect(try await world.nearest(to: 3, in: "a") == [.number(3), .number(2), .number(4)])
        #expect(try await world.nearest(to: 33, limit: 1, in: "a") == [.number(32)])
    }

    @Test func aTableThatIsGoneAtTheStartIsFilledAgain() async throws {
        let place = try await place()
        let first = try await MemoryWorld(.sqlite, settings: place.settings)
        let collection = try await first.make("a")
        try await first.put(1...30, into: collection)
        await first.stop()
        #expect(try place.ask("SELECT count(*) FROM vector_tables") == "1")
        _ = try place.ask("DROP TABLE \(name(collection))")
        let second = try await MemoryWorld(.sqlite, settings: place.settings, on: first.store)
        try await second.role.waitUntilFound(second.store.log.seen, atMost: .seconds(60))
        #expect(try await second.nearest(to: 3, in: "a") == [.number(3), .number(2), .number(4)])
    }

    // MARK: Several servers

    /// Each follows the log for itself, and both write the same table.
    @Test func twoServersShareATable() async throws {
        let place = try await place()
        let one = try await MemoryWorld(.postgres, settings: place.settings)
        let two = try await MemoryWorld(.postgres, settings: place.settings, on: one.store)
        let collection = try await one.make("a")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in UInt64(0)..<4 {
                group.addTask {
                    let world = writer % 2 == 0 ? one : two
                    for round in UInt64(0)..<5 {
                        try await world.put((writer * 100 + round)...(writer * 100 + round + 20), into: collection)
                        _ = try await world.write { [role = world.role] unit in
                            try role.points.delete([.number(writer * 100 + round + 1)], of: collection, in: unit)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let seen = one.store.log.seen
        for world in [one, two] { try await world.role.waitUntilFound(seen, atMost: .seconds(60)) }
        let first = try await one.nearest(to: 0, limit: 500, in: "a")
        #expect(try await two.nearest(to: 0, limit: 500, in: "a") == first)
        #expect(first.count == (try await one.counts(collection))[1])
        let rows = try place.ask("SELECT count(*) FROM \(name(collection)) WHERE embedding IS NOT NULL")
        #expect(rows == "\(first.count)")
        try await one.write { [role = one.role] in _ = try role.collections.delete("a", in: $0) }
        let again = try await two.make("a")
        try await one.put(1...3, into: again)
        try await two.role.waitUntilFound(one.store.log.seen, atMost: .seconds(60))
        #expect(try await two.nearest(to: 1, limit: 1, in: "a") == [.number(1)])
    }
}
