import Core
import Foundation
import TestKit
import Testing

/// Processes that tests start.
@Suite struct ProgramTests {
    @Test func aCommandTellsItsStatusAndWhatItPrinted() throws {
        let result = try Command.run(
            ["sh", "-c", "cat; echo $NAME >&2; exit 3"], environment: ["NAME": "ada", "PATH": "/usr/bin:/bin"],
            input: Array("read\n".utf8))
        #expect(result.status == 3)
        #expect(result.output == "read\nada\n")
    }

    /// Whoever starts it may block signals, as threads of the concurrency do; that is not passed on.
    @Test(arguments: [SIGKILL, SIGTERM]) func aSignalEndsItAndIsItsStatus(_ signal: Int32) async throws {
        let program = try Program(["sleep", "60"])
        #expect(program.isRunning)
        program.send(signal)
        #expect(await program.waitForEnd() == 128 + signal)
        #expect(!program.isRunning)
        #expect(program.wait() == 128 + signal)
        // Its identifier may be that of another process by now.
        program.send(SIGKILL)
    }

    @Test func itHasNoDescriptorsOfTheTests() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("open")
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        defer { close(descriptor) }
        let result = try Command.run(["ls", "-l", "/proc/self/fd"])
        #expect(result.output.contains("/dev/null") == false)
        #expect(!result.output.contains(path))
        // A heading, the three that it was given, and the folder that it reads.
        #expect(result.output.split(separator: "\n").count == 5, "\(result.output)")
    }

    @Test func whatIsNotInstalledIsAFailure() {
        let failure = #expect(throws: Failure.self) { try Command.run(["no-such-program"]) }
        #expect(failure?.code == "program_missing")
    }
}
