import Core
import Testing

@testable import Outbound

/// The logins in the addresses of servers of mail and of messages.
@Suite struct ServerURLTests {
    @Test func aLoginIsDecoded() throws {
        #expect(
            try NATSURL("nats://shop:p%40ss%2b%25@queue").login == .password(user: "shop", "p@ss+%"))
        #expect(try SMTPURL("smtp://shop:p%3Ass@mail").login == .init(user: "shop", password: "p:ss"))
    }

    @Test(arguments: ["%", "%4", "%zz", "%+1", "%-0", "%FF"])
    func aBrokenEscapeIsRefused(_ text: String) {
        #expect(throws: Failure.self) { try NATSURL("nats://shop:\(text)@queue") }
        #expect(throws: Failure.self) { try SMTPURL("smtp://shop:\(text)@mail") }
        #expect(throws: Failure.self) { try NATSURL("nats://\(text)@queue") }
    }
}
