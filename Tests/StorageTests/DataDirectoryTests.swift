import Core
import Foundation
import Storage
import TestKit
import Testing

/// A data directory has one holder.
@Suite struct DataDirectoryTests {
    @Test func aSecondHolderIsRefusedAndToldWhoHasIt() throws {
        let place = try TemporaryDirectory()
        let first = try DataDirectory(place.file("data"))
        let failure = #expect(throws: Failure.self) { try DataDirectory(place.file("data")) }
        #expect(failure?.code == "data_directory_in_use")
        #expect(failure?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
        first.release()
        let second = try DataDirectory(place.file("data"))
        #expect(second.file("x") == place.file("data") + "/x")
        second.release()
    }

    @Test func anotherProcessIsRefused() throws {
        let place = try TemporaryDirectory()
        let directory = try DataDirectory(place.path)
        func othersMayHaveIt() throws -> Bool {
            try Command.run(["flock", "--nonblock", place.file("millrace.lock"), "true"]).status == 0
        }
        #expect(try !othersMayHaveIt())
        directory.release()
        #expect(try othersMayHaveIt())
    }

    @Test func onlyItsUserMayEnterANewDirectory() throws {
        let place = try TemporaryDirectory()
        let directory = try DataDirectory(place.file("a/b/data"))
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path)
        #expect((attributes[.posixPermissions] as? Int) == 0o700)
        directory.release()
    }

    @Test func whatCannotBeADirectoryIsRefused() throws {
        let place = try TemporaryDirectory()
        try Data("a file".utf8).write(to: URL(fileURLWithPath: place.file("file")))
        let failure = #expect(throws: Failure.self) { try DataDirectory(place.file("file")) }
        #expect(failure?.code == "data_directory_unusable")
    }
}
