import Core

/// Which column becomes what: from the command line, and by name for the rest.
public struct ImportMapping: Sendable {
    /// One column and what it becomes.
    struct Rule: Sendable, Hashable {
        let column: String
        let path: String
        let form: ImportField.Form
        /// Whether true becomes false.
        let isInverted: Bool
    }

    /// The rules for the rows themselves.
    let rules: [Rule]
    /// The values that every row has, by their paths.
    let constants: [Rule]
    /// The columns that become nothing.
    public let ignoredColumns: [String]
    /// Whether rows may have members that no rule names, which then become what they are called.
    let isOpen: Bool

    /// What may be mapped.
    struct Vocabulary {
        /// What the rows are, for messages.
        let name: String
        /// All that may be mapped, in this file and in those that come with it.
        let fields: [ImportField]
        /// Which of that is in this file.
        let own: [ImportField]

        /// - parameter prefix: the part of the paths that the file is about; empty for what no other one is about.
        init(_ name: String, _ fields: [ImportField], prefix: String) {
            self.name = name
            self.fields = fields
            own = fields.filter { prefix.isEmpty ? !$0.name.hasPrefix("items.") : $0.name.hasPrefix(prefix) }
        }

        fileprivate func requireKnown(_ path: String) throws {
            guard !fields.contains(where: { $0.covers(path) }) else { return }
            let names = fields.map(\.name).joined(separator: ", ")
            throw ImportMapping.wrong("\(name) have no \(path). They may have: \(names).")
        }
    }

    /// A mapping of the columns of a file.
    ///
    /// - parameter maps: `theirs=ours`, or `!theirs=ours` where true becomes false. A column may become several things.
    /// - parameter constants: `ours=value`, for what no column says.
    /// - parameter columns: the columns of the file; nil for rows whose members are not known before they are read.
    /// - parameter prefix: the part of the paths that this file is about: `items.` for the lines of orders, else empty.
    /// - throws: ``Failure`` `invalid_mapping` that tells what is wrong and what would be right.
    public init(
        _ kind: ImportKind, maps: [String], constants: [String] = [], columns: [String]?, prefix: String = ""
    ) throws {
        try self.init(
            Vocabulary(kind.rawValue, kind.fields, prefix: prefix), maps: maps, constants: constants,
            columns: columns, prefix: prefix)
    }

    /// A mapping of the columns of a file of nodes or edges, whose paths begin with ``GraphRows/prefix``.
    init(_ rows: GraphRows, maps: [String], constants: [String], columns: [String]?) throws {
        try self.init(
            Vocabulary("graphs", GraphRows.fields, prefix: rows.prefix), maps: maps, constants: constants,
            columns: columns, prefix: rows.prefix)
    }

    private init(
        _ vocabulary: Vocabulary, maps: [String], constants: [String], columns: [String]?, prefix: String
    ) throws {
        let fields = vocabulary.own
        var rules: [Rule] = []
        for map in maps {
            let (theirs, ours) = try Self.split(map)
            let isInverted = theirs.hasPrefix("!")
            let column = isInverted ? String(theirs.dropFirst()) : theirs
            try vocabulary.requireKnown(ours)
            guard let field = fields.first(where: { $0.covers(ours) }) else { continue }
            guard columns?.contains(column) ?? true else { throw Self.noColumn(column, of: columns ?? []) }
            guard !isInverted || field.form == .flag else {
                throw Self.wrong("!\(column)=\(ours) turns true and false round, but \(ours) is no true or false.")
            }
            rules.append(.init(column: column, path: ours, form: field.form, isInverted: isInverted))
        }
        self.constants = try constants.compactMap { text in
            let (ours, value) = try Self.split(text)
            try vocabulary.requireKnown(ours)
            guard let field = fields.first(where: { $0.covers(ours) }) else { return nil }
            return Rule(column: value, path: ours, form: field.form, isInverted: false)
        }
        let mapped = Set(rules.map(\.column))
        let taken = Set(rules.map(\.path) + self.constants.map(\.path))
        var ignored: [String] = []
        for column in columns ?? [] where !mapped.contains(column) {
            let path = prefix + column
            if let field = fields.first(where: { $0.covers(path) }), !taken.contains(path) {
                rules.append(.init(column: column, path: path, form: field.form, isInverted: false))
            } else {
                ignored.append(column)
            }
        }
        if columns == nil {
            // A number of JSON does not say of itself that it is a time.
            let times = fields.filter { [.unixSeconds, .unixMilliseconds].contains($0.form) }
            for field in times where !mapped.contains(field.name) && !taken.contains(field.name) {
                rules.append(.init(column: field.name, path: field.name, form: field.form, isInverted: false))
            }
        }
        self.rules = rules
        ignoredColumns = ignored
        isOpen = columns == nil
        try checkTargets()
    }

    /// Two columns may share a list; anything else has one source, and no object is mapped as a whole and in parts.
    private func checkTargets() throws {
        let paths = (rules + constants).map(\.path)
        for whole in (rules + constants).filter({ $0.form == .object }).map(\.path) {
            guard let other = paths.first(where: { $0.hasPrefix(whole + ".") }) else { continue }
            throw Self.wrong("\(whole) is all of them, so \(other) cannot stand beside it. Take one away.")
        }
        var seen = Set<String>()
        for rule in rules + constants where ![.list, .parts].contains(rule.form) && !seen.insert(rule.path).inserted {
            throw Self.wrong("\(rule.path) is mapped twice. Take one of its columns or values away.")
        }
    }

    private static func split(_ text: String) throws -> (String, String) {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex, text.index(after: sign) < text.endIndex
        else {
            throw wrong("\"\(text)\" is no mapping. Write --map theirs=ours, and --set ours=value.")
        }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }

    private static func noColumn(_ column: String, of columns: [String]) -> Failure {
        wrong("There is no column \(column). The columns are: \(columns.joined(separator: ", ")).")
    }

    private static func wrong(_ message: String) -> Failure {
        Failure(.invalid, code: "invalid_mapping", message)
    }
}
