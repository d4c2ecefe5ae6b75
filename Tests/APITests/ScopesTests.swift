import Testing

@testable import API

/// What scopes allow, and which can be passed on.
@Suite struct ScopesTests {
    @Test(arguments: [
        ("orders:read", "orders:read", true), ("orders:read", "orders:write", false),
        ("orders:*", "orders:write", true),
        ("*:read", "orders:read", true), ("*:read", "orders:write", false), ("*", "orders:write", true),
        ("order:read", "orders:read", false), ("orders:read", "orders:*", false), ("orders:*", "*:read", false),
        ("*:*", "*", false),
    ])
    func aScopeAllows(_ scope: String, _ wanted: String, _ isAllowed: Bool) throws {
        #expect(try #require(Scopes([scope])).allow(wanted) == isAllowed)
    }

    @Test(arguments: [
        [], [""], ["orders"], ["orders:"], [":read"], ["Orders:read"], ["orders:read:all"], ["orders: read"],
        Array(repeating: "orders:read", count: 65),
    ])
    func otherTextIsNoScope(_ names: [String]) {
        #expect(Scopes(names) == nil)
    }
}
