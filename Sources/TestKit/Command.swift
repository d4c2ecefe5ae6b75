import Core
import Foundation

/// A command of this machine, run to its end.
///
/// Foundation's `Process` waits for whoever has inherited a descriptor of its own, so it never sees the end of a
/// command that leaves a server behind.
enum Command {
    /// Runs a command and returns how it ended, and what it printed.
    static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-\(UUID().uuidString).out")
            .path
        defer { unlink(file) }
        let identifier = try spawn(arguments, input: "/dev/null", output: file)
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0 {
            guard errno == EINTR else { throw Failure.internal("\(arguments[0]) was lost: \(errno)") }
        }
        let output = try String(contentsOfFile: file, encoding: .utf8)
        return ((status >> 8) & 0xFF | (status & 0x7F == 0 ? 0 : 128), output)
    }

    private static func spawn(_ arguments: [String], input: String, output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // A server that is left behind would keep the sockets of the tests open, and the pipe whose end it waits for.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
        // Somebody else may not be allowed to stand in our directory.
        var texts: [UnsafeMutablePointer<CChar>?] = (["env", "-C", "/"] + arguments).map { strdup($0) } + [nil]
        defer { for text in texts { free(text) } }
        var identifier: pid_t = 0
        let code = posix_spawnp(&identifier, "env", &actions, nil, &texts, environ)
        guard code == 0 else {
            throw Failure.internal("\(arguments[0]) cannot be started: \(String(cString: strerror(code)))")
        }
        return identifier
    }
}
