public import Commerce
public import Core

/// How far a relocation is.
public struct RelocationProgress: Sendable {
    /// What it does to every table in turn.
    public enum Phase: String, Sendable, CaseIterable {
        case reading
        case copying
        case verifying
    }

    /// What it does.
    public let phase: Phase
    /// Which table it is at.
    public let table: String
    /// The rows that this phase is done with.
    public let rows: Int
    /// The rows that this phase has in all.
    public let total: Int
}

/// What a relocation has done.
public struct RelocationReport: Sendable {
    /// A table that has moved.
    public struct Table: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// How many rows it has on both sides.
        public let rowCount: Int
        /// The digest that all its rows have on both sides.
        public let checksum: String
    }

    /// The tables in the order in which they moved.
    public let tables: [Table]
    /// How many rows this run has copied. An earlier one may have copied others.
    public let copied: Int
    /// The change log goes on after this position.
    public let position: LogPosition
    /// What the audit of the target has found.
    public let discrepancies: [CommerceAudit.Discrepancy]

    /// The report for people.
    public var text: String {
        let width = tables.map(\.name.count).max() ?? 0
        let lines = tables.map { table in
            let padding = String(repeating: " ", count: width - table.name.count)
            return "\(table.name)\(padding)  \(table.rowCount) rows  sha256 \(table.checksum.prefix(16))"
        }
        return lines.joined(separator: "\n")
    }
}
