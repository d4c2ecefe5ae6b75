import Core
import Testing

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("a%2Fb%2fc", "a/b/c"), ("%C3%BC", "ü"), ("ü", "ü"), ("100%25", "100%"),
        ("a+b", "a+b"),
    ])
    func whatWasEncodedIsRead(_ text: String, _ expected: String) {
        #expect(PercentEncoding.decode(text[...]) == expected)
    }

    @Test func aPlusIsASpaceInQueries() {
        #expect(PercentEncoding.decode("a+b%2B", plusIsSpace: true) == "a b+")
    }

    /// Each escape is two hexadecimal digits, and nothing that merely reads as a number of two characters.
    @Test(arguments: ["%", "%4", "%zz", "%+1", "%-0", "%1_", "%C3%28", "%FF"])
    func whatIsBrokenIsRefused(_ text: String) {
        #expect(PercentEncoding.decode(text[...]) == nil)
    }
}
