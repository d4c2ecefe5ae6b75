import ChangeLog
import Core
import Storage

/// How customers stand in their table.
extension Customers {
    static let selection: SQL = """
        SELECT id, name, email, email_key, phone, company, external_id, notes, addresses, tags, version, created_at,
            updated_at
        FROM customers\u{20}
        """

    /// The customers of some identifiers, of those that there are.
    func load(_ ids: [Identifier], of tenant: Tenant, in transaction: any ReadTransaction) throws -> [Customer] {
        try transaction.rows(Self.selection + "WHERE tenant = \(tenant) AND id = \(each: ids)") { try Customer($0) }
    }

    /// Writes a new customer and tells the log of it.
    func insert(_ customer: Customer, in unit: UnitOfWork) throws {
        do {
            try unit.transaction.execute(
                """
                INSERT INTO customers (tenant, id, name, name_key, email, email_key, phone, company, external_id, notes,
                    addresses, tags, version, created_at, updated_at)
                VALUES (\(unit.tenant), \(customer.id), \(customer.name), \(customer.name.lowercased()),
                    \(customer.email?.text), \(customer.email?.key), \(customer.phone), \(customer.company),
                    \(customer.externalID), \(customer.notes), \(customer.addresses.column), \(customer.tags.column),
                    \(customer.version), \(customer.createdAt), \(customer.updatedAt))
                """)
        } catch let violation as ConstraintViolation where violation.kind == .unique {
            throw Self.taken(customer, violation)
        }
        try unit.recordInsert("customer", customer.id, after: JSONWriter.bytes(of: customer))
    }

    /// Writes what differs between two states of a customer and tells the log of it. Nothing differs, nothing happens.
    func save(_ changed: Customer, over old: Customer, in unit: UnitOfWork) throws -> Customer {
        guard changed != old else { return old }
        var new = changed
        new.version = old.version + 1
        new.updatedAt = unit.now
        let update: SQL = """
            UPDATE customers SET name = \(new.name), name_key = \(new.name.lowercased()), email = \(new.email?.text),
                email_key = \(new.email?.key), phone = \(new.phone), company = \(new.company),
                external_id = \(new.externalID), notes = \(new.notes), addresses = \(new.addresses.column),
                tags = \(new.tags.column), version = \(new.version), updated_at = \(new.updatedAt)
            WHERE tenant = \(unit.tenant) AND id = \(new.id) AND version = \(old.version)
            """
        do {
            guard try unit.transaction.execute(update) == 1 else {
                throw Failure.versionMismatch("customer", current: old.version + 1)
            }
        } catch let violation as ConstraintViolation where violation.kind == .unique {
            throw Self.taken(new, violation)
        }
        try unit.recordUpdate(
            "customer", new.id, before: JSONWriter.bytes(of: old), after: JSONWriter.bytes(of: new))
        return new
    }

    /// Tells which of a customer's unique values belongs to another one: both engines name column or index.
    private static func taken(_ customer: Customer, _ violation: ConstraintViolation) -> Failure {
        if let externalID = customer.externalID, violation.detail.contains("external_id") {
            return Failure.conflict(
                "external_id_taken", "Another customer has the external_id \(externalID). Change that one instead.",
                details: [.init("external_id", .string(externalID))])
        }
        let email = customer.email?.text ?? ""
        return Failure.conflict(
            "email_taken", "Another customer has the e-mail address \(email). Change that one instead.",
            details: [.init("email", .string(email))])
    }
}

extension Customer {
    init(_ row: Row) throws {
        self.init(id: try row.identifier(0), createdAt: row.timestamp(11))
        name = row.text(1)
        email = row.optionalText(2).map { EmailAddress(stored: $0, key: row.text(3)) }
        phone = row.optionalText(4)
        company = row.optionalText(5)
        externalID = row.optionalText(6)
        notes = row.optionalText(7)
        addresses = try row.addresses(8)
        tags = try row.texts(9)
        version = row.integer(10)
        updatedAt = row.timestamp(12)
    }
}

extension Row {
    fileprivate func addresses(_ column: Int) throws -> [CustomerAddress] {
        let bytes = bytes(column)
        if bytes.count == 2 { return [] }
        guard case .array(let values) = try JSONParser.parse(bytes) else {
            throw Failure(.internal, code: "corrupt_row", "Column \(column) holds no JSON array.")
        }
        return try values.map { try JSONFields.read($0) { CustomerAddress(stored: &$0) } }
    }
}
