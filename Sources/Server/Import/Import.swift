import Core

/// Leads the rows of a file to a target, batch by batch.
public struct Import {
    /// What is imported, from where, and how its columns are read.
    public struct Request: Sendable {
        public var kind: ImportKind
        /// The file; `-` is standard input.
        public var path: String
        /// How it is written; by the end of its name when nil.
        public var format: ImportFormat?
        /// `theirs=ours`, see ``ImportMapping``.
        public var maps: [String] = []
        /// `ours=value`.
        public var constants: [String] = []
        /// A file with the lines of orders.
        public var linesPath: String?
        /// The column that joins the lines with the orders; the first of the file of lines when nil.
        public var joinColumn: String?
        /// Where rejected rows go; next to the file when nil.
        public var rejectsPath: String?
        /// The columns of a file that has no header.
        public var columns: [String]?
        /// Whether each line is a basket of items, each of which becomes an interaction.
        public var hasBaskets = false
        /// What is said of entities and interactions besides their rows.
        public var recommendations = RecommendationDefaults()

        /// An import of a file whose columns are called what they become.
        public init(_ kind: ImportKind, path: String) {
            self.kind = kind
            self.path = path
        }

        /// Where rejected rows go.
        public var rejectedRowsPath: String { rejectsPath ?? RejectedRows.path(for: path) }

        /// What is in a basket was bought, unless something else is said.
        var allConstants: [String] {
            let name = "interaction_type="
            guard hasBaskets, !constants.contains(where: { $0.hasPrefix(name) }) else { return constants }
            return constants + [name + "purchase"]
        }
    }

    private struct Pending {
        let row: ImportRow
        let draft: JSONObject
    }

    private let kind: ImportKind
    private let input: ImportInput
    private let converter: ImportConverter
    private let target: any ImportTarget
    private let rejectedRows: RejectedRows
    private let progress: (ImportProgress) -> Void
    private var defaults: RecommendationDefaults
    private var rows: ImportRows
    private var lines: OrderLines?
    private var pending: [Pending] = []
    private var summary = ImportSummary()

    /// Opens the files of an import and checks its mapping, without writing anything yet.
    ///
    /// - parameter progress: called after each batch.
    /// - throws: ``Failure`` that tells what is wrong with the files or the mapping.
    public init(
        _ request: Request, to target: any ImportTarget, progress: @escaping (ImportProgress) -> Void = { _ in }
    ) throws {
        kind = request.kind
        self.target = target
        self.progress = progress
        input = try ImportInput(request.path)
        rows =
            request.hasBaskets
            ? ImportRows(baskets: input)
            : try ImportRows(input, request.format ?? ImportFormat(path: request.path), columns: request.columns)
        let mapping = try ImportMapping(
            kind, maps: request.maps, constants: request.allConstants, columns: rows.columns)
        defaults = request.recommendations
        if defaults.start == nil { defaults.start = input.changedAt }
        converter = ImportConverter(mapping: mapping)
        summary.ignoredColumns = mapping.ignoredColumns
        rejectedRows = RejectedRows(path: request.rejectedRowsPath, columns: rows.columns)
        guard let linesPath = request.linesPath else { return }
        guard kind == .orders else {
            throw Failure(
                .invalid, code: "invalid_mapping", "Only orders have lines. Leave --lines out for \(kind.rawValue).")
        }
        let lines = try OrderLines(
            ImportInput(linesPath), join: request.joinColumn, maps: request.maps, constants: request.constants)
        guard rows.columns?.contains(lines.column) ?? true else {
            throw Failure(
                .invalid, code: "invalid_join",
                "\(request.path) has no column \(lines.column) to find the lines of its orders by. Name one with "
                    + "--join.")
        }
        summary.ignoredColumns += lines.ignoredColumns.map { "\($0) of the lines" }
        self.lines = lines
    }

    /// Reads every row and writes those that are acceptable.
    ///
    /// - throws: what the target throws when it cannot be reached or written at all. What it has written by then stays;
    ///   a second run goes on from there, because rows that are there already are not written again.
    public mutating func run() async throws -> ImportSummary {
        while let row = try rows.next() {
            summary.read += 1
            do {
                pending.append(Pending(row: row, draft: try draft(of: row)))
            } catch let problem as RowProblem {
                try reject(row, problem.reason)
            }
            if pending.count == kind.batchLimit { try await flush() }
        }
        try await flush()
        for (key, line) in lines?.rest ?? [] {
            summary.rejected += 1
            let problem = if case .failure(let problem) = line.values { problem.reason } else { "no order is \(key)" }
            try rejectedRows.write(
                line: line.number, reason: "\(lines?.name ?? "") line \(line.number): \(problem)", fields: [])
        }
        try rejectedRows.close()
        return summary
    }

    private mutating func draft(of row: ImportRow) throws -> JSONObject {
        let values = try row.values.get()
        var draft = try converter.draft(of: values)
        if var lines {
            let key = values[lines.column]?.importText ?? ""
            self.lines = nil
            defer { self.lines = lines }
            let (found, rounded) = try lines.take(key, currency: converter.currency(of: values))
            draft.members = draft.members.setting("items", .array(found.map(JSONValue.object)))
            draft.rounded += rounded
        }
        summary.rounded += draft.rounded
        if kind.isForRecommendations { return try defaults.complete(draft.members, kind, number: summary.read) }
        return kind.complete(draft.members)
    }

    private mutating func flush() async throws {
        guard !pending.isEmpty else { return }
        let outcomes = try await target.write(pending.map(\.draft), of: kind)
        guard outcomes.count == pending.count else {
            throw Failure.internal("\(pending.count) rows were sent and \(outcomes.count) answered.")
        }
        for (pending, outcome) in zip(pending, outcomes) {
            switch outcome {
            case .written: summary.written += 1
            case .unchanged: summary.unchanged += 1
            case .rejected(let reason): try reject(pending.row, reason)
            }
        }
        pending.removeAll(keepingCapacity: true)
        progress(ImportProgress(rows: summary.read, bytes: input.position, totalBytes: input.size))
    }

    private mutating func reject(_ row: ImportRow, _ reason: String) throws {
        summary.rejected += 1
        try rejectedRows.write(line: row.line, reason: reason, fields: row.fields)
    }
}

extension ImportKind {
    /// Adds to a row what follows from the rest of it.
    func complete(_ draft: JSONObject) -> JSONObject {
        switch self {
        case .products, .inventory, .entities, .interactions: return draft
        case .customers: return draft.movingAddress()
        case .orders: return draft.completingOrder()
        }
    }
}

extension JSONObject {
    /// The object with another value of a member.
    func setting(_ name: String, _ value: JSONValue) -> JSONObject {
        JSONObject(members.filter { $0.name != name } + [.init(name, value)])
    }

    /// The one address of a row becomes the list that a customer has.
    fileprivate func movingAddress() -> JSONObject {
        guard let address = self["address"] else { return self }
        let rest = JSONObject(members.filter { $0.name != "address" })
        guard case .object(let parts) = address else { return rest.setting("addresses", .array([address])) }
        return rest.setting("addresses", .array([.object(parts.setting("is_default", .bool(true)))]))
    }

    /// An order without a state was shipped when it has a time of that. Nothing of today's stock is set aside for it.
    fileprivate func completingOrder() -> JSONObject {
        var order = JSONObject(members.filter { $0.name != "shipped_at" })
        if order["status"] == nil {
            let wasShipped = self["shipped_at"].map { $0 != .null } ?? false
            order = order.setting("status", .string(wasShipped ? "shipped" : "pending"))
        }
        return order["reserve"] == nil ? order.setting("reserve", .bool(false)) : order
    }
}
