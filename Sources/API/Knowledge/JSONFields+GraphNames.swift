import Core
import Knowledge

extension JSONFields {
    /// A ``GraphName`` that must be there.
    mutating func graphName(_ name: String, length: ClosedRange<Int>) -> String {
        let text = string(name, length: length)
        return named(text, name) ?? text
    }

    /// A ``GraphName``.
    mutating func optionalGraphName(_ name: String, length: ClosedRange<Int>) -> String? {
        optionalString(name, length: length).flatMap { named($0, name) }
    }

    /// An array of ``GraphName``s.
    mutating func optionalGraphNames(
        _ name: String, count: ClosedRange<Int>, length: ClosedRange<Int>
    ) -> [String]? {
        guard let texts = optionalStrings(name, count: count, length: length) else { return nil }
        return texts.allSatisfy({ named($0, name) != nil }) ? texts : nil
    }

    private mutating func named(_ text: String, _ name: String) -> String? {
        guard let problem = GraphName.problem(with: text) else { return text }
        reject(name, problem)
        return nil
    }
}

extension QueryReader {
    /// A ``GraphName`` that must be there.
    mutating func graphName(_ name: String, length: ClosedRange<Int>) -> String {
        let text = string(name, length: length)
        return named([text], name)?.first ?? text
    }

    /// A ``GraphName``.
    mutating func optionalGraphName(_ name: String, length: ClosedRange<Int>) -> String? {
        optionalString(name, length: length).flatMap { named([$0], name)?.first }
    }

    /// ``GraphName``s, separated by commas.
    mutating func optionalGraphNames(
        _ name: String, count: ClosedRange<Int>, length: ClosedRange<Int>
    ) -> [String]? {
        optionalStrings(name, count: count, length: length).flatMap { named($0, name) }
    }

    private mutating func named(_ texts: [String], _ name: String) -> [String]? {
        guard let problem = texts.lazy.compactMap(GraphName.problem).first else { return texts }
        reject(name, problem)
        return nil
    }
}

extension APIRequest {
    /// The ``GraphName`` at a name in the template of the path.
    ///
    /// - throws: ``Failure`` `not_found` when it is too long for anything to have it, and `invalid_path` when it is no
    ///   name that a body could have either.
    func graphName(_ name: String, length: ClosedRange<Int>) throws -> String {
        let text = try parameter(name)
        guard length.contains(text.unicodeScalars.count) else {
            throw Failure(
                .notFound, code: "not_found", "What the path names has \(length.upperBound) characters at most.")
        }
        if let problem = GraphName.problem(with: text) {
            throw Failure(.invalid, code: "invalid_path", "The \(name) in the path cannot be one. \(problem)")
        }
        return text
    }
}
