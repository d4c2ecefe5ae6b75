import Testing

/// The scanners that the house rules stand on see what they should.
@Suite struct ScannerTests {
    private func code(_ text: String) -> String {
        var scanner = SwiftScanner(text)
        return scanner.code()
    }

    @Test(arguments: [
        ("a // b\nc", "a     \nc"), ("a /* b /* c */ d */ e", "a                   e"),
        ("x(\"a\\\"b\")", "x(\"    \")"),
        ("\"a\\(b + c(\"d\"))e\"!", "\"   b + c(\" \")  \"!"), ("#\"a\"b\\(c)\"# d", "#\"       \"# d"),
        ("\"\"\"\na \"b\"\n\"\"\" c", "\"\"\"\n     \n\"\"\" c"), ("\"//\" a", "\"  \" a"), ("a / b / c", "a / b / c"),
        ("#\"\\#(x)\"#", "#\"   x \"#"),
    ])
    func commentsAndTextsAreBlank(text: String, expected: String) {
        #expect(code(text) == expected)
    }

    @Test func functionsEndAtTheirBrace() {
        let text = """
            protocol P {
                func a()
                init(b: Int) throws
            }
            struct S {
                func c(
                    d: () -> Void = { }
                ) rethrows
                -> Int
                {
                    if true { e() }
                    return 1
                }
                init() { f() }
                let g = S.init(h)
                subscript(i: Int) -> Int {
                    i
                }
            }
            """
        let functions = SwiftFunction.all(in: SwiftSource(path: "Sources/Core/S.swift", text: text))
        #expect(functions.map(\.start) == [5, 13, 15])
        #expect(functions.map(\.length) == [8, 1, 3])
    }

    @Test(arguments: [
        ("let a = b!", true), ("try! f()", true), ("x as! Y", true), ("a[0]!.b", true), ("f()!", true),
        ("var a: Int!", true),
        ("a?.b!", true), ("if !a { }", false), ("a != b", false), ("a !== b", false), ("f(!a)", false),
        ("x = !y", false), ("guard a, !b.c else", false), ("#if !os(Linux)", false), ("a ? !b : c", false),
        ("flags.map(!)", false),
    ])
    func forceUnwrapsAreSeen(line: String, isUnwrap: Bool) {
        #expect(SafetyTests.forcesUnwrap(line) == isUnwrap)
    }
}
