import Core
import NIOCore
import Testing

@testable import Outbound

/// Which addresses may be connected to.
@Suite struct NetworkGuardTests {
    private let nothingAllowed = NetworkGuard(allowed: NetworkRanges())

    @Test(arguments: [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "3fff::1", "fc00::1",
        "fd00:ec2::254",
        "fe80::1", "fec0::1", "ff02::1", "100::1", "5f00::1",
    ])
    func whatIsNotPublicIsRefused(_ text: String) async throws {
        let address = try #require(IPAddress(text))
        #expect(!nothingAllowed.permits(address))
        let failure = await #expect(throws: Failure.self) {
            try await nothingAllowed.addresses(of: text, port: 443, deadline: .distantFuture)
        }
        #expect(failure?.code == "address_refused")
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1",
        "192.0.1.1", "192.169.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
        "2001:200::1", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1",
    ])
    func whatIsPublicIsAllowed(_ text: String) async throws {
        let address = try #require(IPAddress(text))
        #expect(nothingAllowed.permits(address))
        let addresses = try await nothingAllowed.addresses(of: text, port: 443, deadline: .distantFuture)
        #expect(addresses.map(\.port) == [443])
    }

    @Test func whatTheOperatorAllowsIsAllowed() throws {
        let ranges = try #require(NetworkRanges(text: "10.1.0.0/16, fd00::/8,127.0.0.1"))
        let allowing = NetworkGuard(allowed: ranges)
        let (inside, outside) = (
            ["10.1.0.1", "10.1.255.255", "fd12::1", "127.0.0.1", "::ffff:10.1.2.3"],
            ["10.2.0.1", "127.0.0.2", "fc00::1"]
        )
        for text in inside { #expect(allowing.permits(try #require(IPAddress(text))), "\(text)") }
        for text in outside { #expect(!allowing.permits(try #require(IPAddress(text))), "\(text)") }
    }

    @Test(arguments: [
        "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.1/16", "everything", "10.0.0.0/8,", "::/129",
    ])
    func otherTextsAreNoNetworks(_ text: String) {
        #expect(NetworkRanges(text: text) == nil)
    }

    @Test func everythingCanBeAllowed() throws {
        let all = NetworkGuard(allowed: try #require(NetworkRanges(text: "0.0.0.0/0, ::/0")))
        for text in ["127.0.0.1", "::1"] { #expect(all.permits(try #require(IPAddress(text)))) }
        #expect(NetworkRanges(text: "")?.text == "")
    }

    /// A name may have several addresses. Those that may not be used are as if they were not there.
    @Test func ofAllAddressesThePublicOnesAreUsed() async throws {
        let resolver = FixedResolver(["mixed.test": ["10.0.0.1", "1.1.1.1", "::1"], "inner.test": ["192.168.0.1"]])
        let guarding = NetworkGuard(allowed: NetworkRanges(), resolver: resolver)
        let addresses = try await guarding.addresses(of: "mixed.test", port: 443, deadline: .distantFuture)
        #expect(addresses.map(\.ipAddress) == ["1.1.1.1"])
        #expect(addresses.map(\.port) == [443])
        let failure = await #expect(throws: Failure.self) {
            try await guarding.addresses(of: "inner.test", port: 443, deadline: .distantFuture)
        }
        #expect(failure?.code == "address_refused")
    }

    /// The system reads short and numeric forms of addresses as names. What they stand for is seen all the same.
    @Test(arguments: ["localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0"])
    func numericFormsAreSeenThrough(_ host: String) async throws {
        let failure = await #expect(throws: Failure.self) {
            try await nothingAllowed.addresses(of: host, port: 80, deadline: .now() + .seconds(10))
        }
        #expect(["address_refused", "name_unresolved"].contains(failure?.code))
    }

    @Test func namesThatNobodyHasAreAFailure() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await nothingAllowed.addresses(of: "nobody.invalid", port: 80, deadline: .now() + .seconds(20))
        }
        #expect(failure?.code == "name_unresolved")
    }

    @Test func aLookUpIsNotWaitedForLonger() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await nothingAllowed.addresses(of: "late.invalid", port: 80, deadline: .now() - .seconds(1))
        }
        #expect(["timeout", "name_unresolved"].contains(failure?.code))
    }
}
