import Caching
import ChangeLog
import Core
import Testing

@testable import Knowledge

/// What FalkorDB itself has of how far it is.
@Suite("How far the graphs are", .timeLimit(.minutes(5)))
struct GraphRegisterTests {
    @Test("It is moved on only from where it was left")
    func moving() async throws {
        let fixture = try await FalkorDBFixture()
        let register = GraphRegister(fixture.client.prefix)
        let marks = (1...3).map { LogMark(LogPosition(Int64($0) * 10), "change \($0)") }
        func move(_ from: LogMark?, _ to: LogMark) async throws -> Bool {
            let command = register.moving(from: from, to: to, form: "f", tenants: [Tenant(1), Tenant(7)])
            return try await fixture.client.send([command]) == [.integer(1)]
        }
        func contents() async throws -> GraphRegister.Contents {
            GraphRegister.contents(try await fixture.client.send([register.asking]).first)
        }
        #expect(try await contents().mark == nil)
        _ = try await fixture.client.send([register.noting(Tenant(7))])
        #expect(try await contents().tenants == [Tenant(7): .start])
        #expect(try await move(nil, marks[0]))
        #expect(try await !move(nil, marks[1]), "somebody has been here")
        #expect(try await !move(LogMark(marks[0].position, "another"), marks[1]))
        #expect(try await !move(LogMark(LogPosition(9), "change 1"), marks[1]))
        #expect(try await contents().mark == marks[0])
        #expect(try await move(marks[0], marks[1]))
        let found = try await contents()
        #expect(found.mark == marks[1] && found.form == "f")
        #expect(found.tenants == [Tenant(1): marks[1].position, Tenant(7): marks[1].position])
        _ = try await fixture.client.send([register.forgetting])
        #expect(try await !move(marks[1], marks[2]), "all of it is gone")
    }
}
