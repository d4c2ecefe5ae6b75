/// The fields that an entity is known to have, for finding mistakes when a condition or a template is saved.
///
///     let catalog = FieldCatalog(["status", "lines[].sku", "metadata.*"])
///     catalog.unknown(among: condition.fields)
public struct FieldCatalog: Sendable, Equatable {
    /// A field that no entity has.
    public struct UnknownField: Sendable, Equatable {
        /// The path that was asked for.
        public let path: String
        /// The known path that was probably meant.
        public let nearest: String?

        /// What is wrong, for people.
        public var message: String {
            "There is no field \(path)" + (nearest.map { "; did you mean \($0)?" } ?? ".")
        }
    }

    private let paths: Set<String>
    /// The beginnings below which anything is allowed, each with its point.
    private let open: [String]

    /// A catalogue of paths: `status`, `shipping_address.country`, `lines[].sku`. What contains a known field is known
    /// too. `metadata.*` allows anything within `metadata`.
    public init(_ paths: some Sequence<String>) {
        var known: Set<String> = []
        var open: [String] = []
        for path in paths {
            let isOpen = path.hasSuffix(".*")
            let name = isOpen ? String(path.dropLast(2)) : path
            if isOpen { open.append(name) }
            known.formUnion(Self.containers(of: name))
        }
        self.paths = known
        self.open = open
    }

    /// Those of some paths that are not known, each with the nearest one that is.
    public func unknown(among fields: some Sequence<String>) -> [UnknownField] {
        fields.filter { !isKnown($0) }.map { UnknownField(path: $0, nearest: NearestName.of($0, among: paths)) }
    }

    private func isKnown(_ path: String) -> Bool {
        paths.contains(path) || open.contains { path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
    }

    /// A path and everything that it stands in: `a[].b` stands in `a[]` and `a`.
    private static func containers(of path: String) -> [String] {
        path.indices.filter { path[$0] == "." || path[$0] == "[" }.map { String(path[..<$0]) } + [path]
    }
}
