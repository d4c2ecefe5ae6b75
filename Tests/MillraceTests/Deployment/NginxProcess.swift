import Core
import Foundation
import TestKit

/// The real nginx with `deploy/nginx.conf`, in which only the places are those of a test.
final class NginxProcess {
    /// Where it listens.
    let port: Int
    private let program: Program
    private let directory: TemporaryDirectory
    /// The socket that it takes over. Whoever connects before it is ready waits in the queue of the socket.
    private let listening: Int32

    /// Starts it in front of servers that listen on ports of this machine.
    init(servers: [Int]) throws {
        directory = try TemporaryDirectory()
        (listening, port) = try Loopback.listen(backlog: 511)
        let file = try Self.file(in: directory, port: port, servers: servers)
        let errors = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.file("errors")))
        // A socket that nginx is handed, as at the replacement of its binary: so no port is taken twice.
        program = try Program(
            [try Self.executable(), "-c", file, "-g", "daemon off;"], environment: ["NGINX": "0;"], input: listening,
            errors: errors.fileDescriptor)
    }

    deinit {
        program.send(SIGTERM)
        program.wait()
        close(listening)
    }

    /// What it has written to its log.
    var errors: String { (try? String(contentsOfFile: directory.file("errors"), encoding: .utf8)) ?? "" }

    /// Has nginx check a copy of the file. Returns its status and what it says.
    static func check(servers: [Int]) throws -> Command.Result {
        let directory = try TemporaryDirectory()
        return try Command.run([try executable(), "-t", "-c", try file(in: directory, port: 8_000, servers: servers)])
    }

    private static func executable() throws -> String {
        let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"]
        guard let place = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw Failure(.internal, code: "nginx_missing", "nginx is not installed: run `make setup`.")
        }
        return place
    }

    private static func file(in directory: TemporaryDirectory, port: Int, servers: [Int]) throws -> String {
        var text = try DeploymentFiles.text("nginx.conf")
        for (index, server) in servers.enumerated() {
            text = text.replacing("server millrace-\(index + 1):8080 ", with: "server 127.0.0.1:\(server) ")
        }
        text = text.replacing("listen 8000;", with: "listen 127.0.0.1:\(port);")
            .replacing(" /tmp/", with: " \(directory.path)/")
        let file = directory.file("nginx.conf")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try "".write(toFile: directory.file("errors"), atomically: true, encoding: .utf8)
        return file
    }
}
