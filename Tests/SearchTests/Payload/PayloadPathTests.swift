import Core
import Testing

@testable import Search

@Suite struct PayloadPathTests {
    @Test(arguments: [
        "a", "a.b", "a[].b", "a[0]", "a[0][1].b", "\"a b\".c", "a-b_c", "größe.x", "a[][]", "\"a.b\"[].\"c[0]\"",
    ])
    func readsWhatItWrites(_ text: String) throws {
        #expect(try PayloadPath(text).description == text)
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "[0]", "a.[0]", "a[", "a[x]", "a[-1]", "a[0]b", "a b", "\"a", "a\"b\"",
        "a[99999999999999999999999]",
    ])
    func refusesWhatIsNoPath(_ text: String) {
        let failure = #expect(throws: Failure.self) { try PayloadPath(text, at: "/filter/must/0/key") }
        #expect(failure?.errors.first?.pointer == "/filter/must/0/key")
    }
}
