import Core
import HTTPTypes

/// Finds the route of a method and a path by walking the path's segments through a tree.
///
/// A literal segment goes before a parameter, so `/products/search` is not the product called search.
struct Router: Sendable {
    /// What stands at a method and a path.
    enum Match: Sendable {
        /// A route by its index, and the values of the names in its template.
        case route(Int, PathParameters)
        /// No route of this method, but of others.
        case otherMethods([HTTPRequest.Method])
        /// Nothing.
        case nothing
    }

    private struct Node: Sendable {
        var literals: [Substring: Int] = [:]
        var parameter: Int?
        var routes: [(method: HTTPRequest.Method, route: Int, names: [String])] = []
    }

    private var nodes = [Node()]

    /// How many segments a path may have.
    static let segmentLimit = 16

    /// A router of routes, whose indices are those of the array.
    ///
    /// - throws: ``Failure`` `duplicate_route` when two have one method and one path, which is a defect.
    init(_ routes: [Route]) throws {
        for (index, route) in routes.enumerated() {
            try add(route, index)
        }
    }

    /// Finds a route. `HEAD` finds the route of `GET`.
    func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
        let wanted = method == .head ? .get : method
        let segments = path.utf8.first == UInt8(ascii: "/") ? Self.segments(path) : []
        guard !segments.isEmpty, segments.count <= Self.segmentLimit else { return .nothing }
        var values: [Substring] = []
        var allowed: [HTTPRequest.Method] = []
        guard let found = find(wanted, segments[...], at: 0, &values, &allowed) else {
            return allowed.isEmpty ? .nothing : .otherMethods(Self.complete(allowed))
        }
        var parameters = PathParameters()
        for (name, value) in zip(found.names, values) { parameters.add(name, value) }
        return .route(found.route, parameters)
    }

    private func find(
        _ method: HTTPRequest.Method, _ segments: ArraySlice<Substring>, at node: Int, _ values: inout [Substring],
        _ allowed: inout [HTTPRequest.Method]
    ) -> (route: Int, names: [String])? {
        guard let segment = segments.first else {
            for entry in nodes[node].routes where entry.method == method { return (entry.route, entry.names) }
            allowed += nodes[node].routes.map(\.method)
            return nil
        }
        if let next = nodes[node].literals[segment],
            let found = find(method, segments.dropFirst(), at: next, &values, &allowed)
        {
            return found
        }
        guard let next = nodes[node].parameter, !segment.isEmpty else { return nil }
        values.append(segment)
        if let found = find(method, segments.dropFirst(), at: next, &values, &allowed) { return found }
        values.removeLast()
        return nil
    }

    private mutating func add(_ route: Route, _ index: Int) throws {
        var node = 0
        var names: [String] = []
        for segment in Self.segments(route.path[...]) {
            if segment.first == "{", segment.last == "}" {
                names.append(String(segment.dropFirst().dropLast()))
                node = next(nodes[node].parameter) { $0[node].parameter = $1 }
            } else {
                node = next(nodes[node].literals[segment]) { $0[node].literals[segment] = $1 }
            }
        }
        guard !nodes[node].routes.contains(where: { $0.method == route.method }) else {
            throw Failure(.internal, code: "duplicate_route", "Two routes serve \(route.method) \(route.path).")
        }
        nodes[node].routes.append((route.method, index, names))
    }

    private mutating func next(_ existing: Int?, _ link: (inout [Node], Int) -> Void) -> Int {
        if let existing { return existing }
        nodes.append(Node())
        link(&nodes, nodes.count - 1)
        return nodes.count - 1
    }

    private static func segments(_ path: Substring) -> [Substring] {
        let bytes = path.utf8.dropFirst()
        return bytes.split(separator: UInt8(ascii: "/"), maxSplits: segmentLimit, omittingEmptySubsequences: false)
            .map { Substring($0) }
    }

    /// What `Allow` says: the methods of the routes, and those that every path answers.
    private static func complete(_ methods: [HTTPRequest.Method]) -> [HTTPRequest.Method] {
        var all = methods
        if all.contains(.get) { all.append(.head) }
        all.append(.options)
        return all
    }
}
