public import Core

/// Somebody who buys.
public struct Customer: Sendable, Hashable, Versioned {
    /// The identifier.
    public let id: Identifier
    /// The name.
    public internal(set) var name = ""
    /// The e-mail address as it was given; imported customers may have none.
    public internal(set) var email: EmailAddress?
    /// The telephone number.
    public internal(set) var phone: String?
    /// The company that the customer buys for.
    public internal(set) var company: String?
    /// The identifier that another system gave, unique within the tenant.
    public internal(set) var externalID: String?
    /// What the shop wants to remember.
    public internal(set) var notes: String?
    /// The addresses in the order of their making.
    public internal(set) var addresses: [CustomerAddress] = []
    /// Words to find the customer by.
    public internal(set) var tags: [String] = []
    /// One more with each update.
    public internal(set) var version: Int64 = 1
    /// When the customer was made.
    public let createdAt: Timestamp
    /// When anything of the customer was last changed.
    public internal(set) var updatedAt: Timestamp

    /// A customer as it is before anybody has said anything of it.
    init(id: Identifier, createdAt: Timestamp) {
        self.id = id
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

extension Customer: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("name", name)
            json.member("email", email?.text)
            json.member("phone", phone)
            json.member("company", company)
            json.member("external_id", externalID)
            json.member("notes", notes)
            json.member("addresses", array: addresses)
            json.member("tags", array: tags)
            json.member("version", version)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}

/// The addresses of a customer as a list of their own, with the version that guards them.
public struct CustomerAddresses: Sendable, Versioned, JSONEncodable {
    /// The addresses.
    public let addresses: [CustomerAddress]
    public let version: Int64

    /// The addresses of a customer.
    public init(of customer: Customer) {
        addresses = customer.addresses
        version = customer.version
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("items", array: addresses)
            json.member("next_cursor", String?.none)
        }
    }
}

/// An address with the version of its customer, which guards it against lost updates.
public struct VersionedAddress: Sendable, Versioned, JSONEncodable {
    /// The address.
    public let address: CustomerAddress
    public let version: Int64

    public func write(to json: inout JSONWriter) { address.write(to: &json) }
}
