import Core
import Foundation
import TestKit
import Testing

/// The probes of the containers, run against a real server.
@Suite struct ProbeTests {
    private func probe(_ path: String, port: String) throws -> Int32 {
        let environment = ["MILLRACE_API_PORT": port, "PATH": "/usr/bin:/bin"]
        return try Command.run([DeploymentFiles.path("probe"), path], environment: environment).status
    }

    /// The arguments of every probe of every file.
    private func paths() throws -> [String] {
        let container = try DeploymentFiles.container()
        let cluster = ["startupProbe", "readinessProbe", "livenessProbe"].map {
            container.at($0, "exec", "command").elements.map(\.text)
        }
        let composition = try DeploymentFiles.services().values.filter { $0.at("image").text.hasPrefix("millrace:") }
            .map { Array($0.at("healthcheck", "test").elements.map(\.text).dropFirst()) }
        let image = try DeploymentFiles.text("Dockerfile").matches(of: /HEALTHCHECK .*CMD \["(\w+)", "([^"]+)"\]/)
            .map { [String($0.1), String($0.2)] }
        let commands = cluster + composition + image
        #expect(commands.count == 6)
        #expect(commands.allSatisfy { $0.count == 2 && $0[0] == "probe" })
        #expect(cluster.map(\.last) == ["/ready", "/ready", "/health"])
        return commands.compactMap(\.last)
    }

    @Test func everyProbeAsksARouteThatExists() async throws {
        let directory = try TemporaryDirectory()
        let server = try await ServerProcess(data: directory.file("data"))
        try await server.waitUntilReady()
        let port = try #require(server.address.split(separator: ":").last.map(String.init))
        for path in Set(try paths()) { #expect(try probe(path, port: port) == 0, "\(path)") }
        #expect(try probe("/nothing", port: port) != 0)
        #expect(await server.stop() == 0)
        #expect(try probe("/health", port: port) != 0)
    }

    @Test func scriptsAreAcceptedByTheShell() throws {
        for name in try DeploymentFiles.names(".sh") + ["probe"] {
            #expect(try Command.run(["bash", "-n", DeploymentFiles.path(name)]).status == 0, "\(name)")
        }
    }
}
