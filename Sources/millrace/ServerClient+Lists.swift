import Core
import Server

extension ServerClient {
    /// How many entries a page has, as many as the server gives.
    private static let pageSize = "100"

    /// Goes through a list page by page.
    ///
    /// - parameters:
    ///   - query: names and values; those without a value are left out.
    ///   - body: takes the entries of a page.
    func pages(
        of path: String, query: [(name: String, value: String?)] = [], _ body: ([JSONValue]) throws -> Void
    ) async throws {
        var cursor: String?
        repeat {
            let page = [(name: "limit", value: Self.pageSize as String?), (name: "cursor", value: cursor)]
            let answer = try await json("GET", RequestPath(path, query: query + page).text)
            try body(answer["items"].elements)
            cursor = answer["next_cursor"]?.text
        } while cursor != nil
    }

    /// All entries of a list that is short.
    func list(of path: String, query: [(name: String, value: String?)] = []) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        try await pages(of: path, query: query) { items += $0 }
        return items
    }
}

extension Config.Format {
    /// Prints a value as JSON, or else the lines.
    func print(_ value: JSONValue, _ lines: @autoclosure () -> [String]) {
        switch self {
        case .json: Swift.print(value.json)
        case .text: for line in lines() { Swift.print(line) }
        }
    }
}
