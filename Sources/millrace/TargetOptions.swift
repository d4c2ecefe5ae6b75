import ArgumentParser
import Core
import Server

/// Whom a verb talks to: a running server, or the files of one that does not run.
struct TargetOptions: ParsableArguments {
    @Option(help: "The address of a running server, for example http://127.0.0.1:8080; or MILLRACE_SERVER.")
    var server: String?

    @Option(help: "The API key for --server; or MILLRACE_KEY.")
    var key: String?

    @Option(help: "The data directory of a server that does not run; or MILLRACE_DATA.")
    var data: String?

    func validate() throws {
        if server != nil && data != nil { throw ValidationError("Give --server or --data, not both.") }
    }

    /// What is meant.
    enum Place {
        case server(ServerClient)
        case directory(String)
    }

    /// What is meant, by flags first and the environment second.
    func place() throws -> Place {
        if let data { return .directory(data) }
        if let server = server ?? Environment.value("MILLRACE_SERVER") {
            return .server(try ServerClient(server, key: key ?? Environment.value("MILLRACE_KEY")))
        }
        if let data = Environment.value("MILLRACE_DATA") { return .directory(data) }
        throw ValidationError("Give --server URL and --key KEY, or --data DIR.")
    }

    /// The server, for verbs that need one that runs.
    func client() throws -> ServerClient {
        guard case .server(let client) = try place() else {
            throw ValidationError("Give --server URL: this is asked of a running server.")
        }
        return client
    }
}
