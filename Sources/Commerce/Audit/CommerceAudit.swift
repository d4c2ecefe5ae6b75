public import Core
public import Storage

/// Compares what is stored twice: sums with what they are sums of, states with what led to them.
///
/// The rules of the role and the checks of its tables leave no way to a difference; the audit looks whether it is so,
/// after a crash or a restore, and in tests. It reads everything, so it takes a while on a large store.
public struct CommerceAudit: Sendable {
    /// Two stored values that should be equal and are not.
    public struct Discrepancy: Sendable, Hashable {
        /// The name of the check, for example `order_amounts`.
        public let check: String
        /// Whose data it is; nil where it is nobody's in particular.
        public let tenant: Tenant?
        /// The thing that is wrong: the number of an order, a sku and its location.
        public let subject: String
        /// Which value of it.
        public let value: String
        /// What it should be.
        public let expected: Int64
        /// What is stored.
        public let found: Int64
    }

    /// How many discrepancies one check tells at most.
    public static let limit = 100

    /// The names of what is compared.
    public static var checkNames: [String] { checks.map(\.name) }

    /// Compares everything of every tenant. Returns nothing when all is well.
    ///
    /// - parameter dialect: of the engine. Where one writer assigns the positions of the log, none may be missing.
    public static func run(in transaction: any ReadTransaction, of dialect: Dialect) throws -> [Discrepancy] {
        try checks.filter { $0.name != logCheck.name || dialect == .sqlite }.flatMap { try $0.run(in: transaction) }
    }
}

extension CommerceAudit.Discrepancy: CustomStringConvertible {
    public var description: String {
        let owner = tenant.map { " of tenant \($0.number)" } ?? ""
        return "\(check): \(value) of \(subject)\(owner) is \(found), but should be \(expected)"
    }
}

extension CommerceAudit {
    /// A query for what is wrong, and what its columns mean.
    struct Check: Sendable {
        let name: String
        /// What the pairs of columns hold.
        let values: [String]
        /// Columns: the tenant, the subject, and for each of the values what it should be and what is stored.
        let query: SQL

        func run(in transaction: any ReadTransaction) throws -> [Discrepancy] {
            let limit: SQL = " LIMIT \(CommerceAudit.limit)"
            return try transaction.rows(query + limit) { row in
                values.enumerated().compactMap { index, value -> Discrepancy? in
                    let (expected, found) = (row.integer(2 + 2 * index), row.integer(3 + 2 * index))
                    guard expected != found else { return nil }
                    return Discrepancy(
                        check: name, tenant: row.optionalInteger(0).map { Tenant($0) }, subject: row.text(1),
                        value: value, expected: expected, found: found)
                }
            }.flatMap { $0 }
        }
    }
}
