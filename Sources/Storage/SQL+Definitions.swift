/// Parts of statements that define tables, where no value can be bound.
extension SQL {
    /// The name of a table, quoted, so that it can be read as nothing else.
    public static func name(_ name: String) -> SQL {
        SQL(trusted: TableDescription.quoted(name))
    }

    /// A whole number as it is written.
    public static func number(_ number: Int64) -> SQL {
        SQL(trusted: "\(number)")
    }
}
