import TestKit
import Testing

/// Qdrant's own client against a real server on each engine, beside its own memory.
@Suite(.timeLimit(.minutes(5))) struct QdrantClientTests {
    @Test(arguments: TestStore.Engine.allCases)
    func everyCallAnswersAsTheClientsOwnMemoryDoes(_ engine: TestStore.Engine) async throws {
        let directory = try TemporaryDirectory()
        let database = engine == .postgres ? try await PostgresServer.shared().makeDatabase() : nil
        let server = try await ServerProcess(
            data: directory.file("data"), arguments: database.map { ["--set", "storage.url=\($0)"] } ?? [])
        try await server.waitUntilReady()
        let key = try #require(server.adminKey)
        let seed = UInt32.random(in: 0...UInt32.max)
        let result = try Python.run("compare_with_qdrant.py", [server.address, key, String(seed)])
        #expect(result.status == 0, "seed \(seed): \(result.output)")
        #expect(result.output.hasSuffix(" 0 differences, seed \(seed)\n"))
        #expect(await server.stop() == 0)
    }
}
