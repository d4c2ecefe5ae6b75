import Core

/// The parameters of a query, decoded, in their order.
struct QueryString: Sendable {
    /// The parameters with a value. An empty value says the same as none.
    let parameters: [(name: String, value: String)]

    /// How many parameters a query may have.
    static let parameterLimit = 64

    /// Reads the part of a URL after its question mark.
    ///
    /// - throws: ``Failure`` `malformed_query` for broken escapes, text that is not UTF-8, a parameter given twice, and
    ///   too many parameters.
    init(_ text: Substring) throws {
        var parameters: [(name: String, value: String)] = []
        for pair in text.split(separator: "&") {
            let (rawName, rawValue) = Self.halves(of: pair)
            guard let name = PercentEncoding.decode(rawName, plusIsSpace: true),
                let value = PercentEncoding.decode(rawValue, plusIsSpace: true)
            else {
                throw Self.malformed("The query has a broken percent escape or text that is not UTF-8.")
            }
            guard !parameters.contains(where: { $0.name == name }) else {
                throw Self.malformed("The parameter \(name) stands in the query twice. Give it once.")
            }
            guard parameters.count < Self.parameterLimit else {
                throw Self.malformed("A query may have \(Self.parameterLimit) parameters at most.")
            }
            parameters.append((name, value))
        }
        self.parameters = parameters.filter { !$0.value.isEmpty }
    }

    subscript(name: String) -> String? {
        for parameter in parameters where parameter.name == name { return parameter.value }
        return nil
    }

    private static func halves(of pair: Substring) -> (Substring, Substring) {
        guard let equals = pair.firstIndex(of: "=") else { return (pair, "") }
        return (pair[..<equals], pair[pair.index(after: equals)...])
    }

    private static func malformed(_ message: String) -> Failure {
        Failure(.malformed, code: "malformed_query", message)
    }
}
