/// A function of a Swift file and the lines that it takes.
struct SwiftFunction {
    /// The index of the line of its declaration.
    let start: Int
    /// The index of the line of its closing brace.
    let end: Int

    var length: Int { end - start + 1 }

    /// The functions, initialisers and subscripts of a file that have a body.
    static func all(in source: SwiftSource) -> [SwiftFunction] {
        source.code.indices.compactMap { start in
            guard source.code[start].contains(/\bfunc\s+\S|\binit[?!]?\s*[(<]|\bsubscript\s*[(<]/),
                !source.code[start].contains(/\.init[?!]?\s*\(/)
            else { return nil }
            return end(of: start, in: source.code).map { SwiftFunction(start: start, end: $0) }
        }
    }

    /// The line of the brace that closes the body of the declaration on a line, or nil when it has none.
    private static func end(of start: Int, in code: [String]) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<code.count {
            if index > start, braces == 0, parentheses == 0 {
                let next = code[index].drop { $0 == " " }
                guard ["{", "->", "where ", "throws", "async", "rethrows"].contains(where: { next.hasPrefix($0) })
                else { return nil }
            }
            for character in code[index] {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || braces > 0: braces += 1
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                default: break
                }
            }
        }
        return nil
    }
}
