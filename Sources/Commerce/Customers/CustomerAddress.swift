public import Core

/// An address of a customer, and what it is for.
public struct CustomerAddress: Sendable, Hashable {
    /// What an address is for.
    public enum Purpose: String, CaseIterable, Sendable {
        case shipping
        case billing
    }

    /// The identifier.
    public let id: Identifier
    /// What it is for.
    public let purpose: Purpose
    /// Whether it is the one to use for that unless another is named. At most one is, of each purpose.
    public internal(set) var isDefault: Bool
    /// The address.
    public let address: Address

    /// Reads an address that stands in our own table.
    init(stored fields: inout JSONFields) {
        self.init(CustomerAddressDraft(&fields), id: fields.identifier("id"))
    }

    init(_ draft: CustomerAddressDraft, id: Identifier) {
        self.id = id
        purpose = draft.purpose
        isDefault = draft.isDefault
        address = draft.address
    }
}

extension CustomerAddress: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("type", purpose.rawValue)
            address.writeMembers(to: &json)
            json.member("is_default", isDefault)
        }
    }
}

/// What a client says of an address of a customer.
public struct CustomerAddressDraft: Sendable {
    /// The address of the customer that it takes the place of; nil for a new one.
    public var id: Identifier?
    /// What it is for.
    public var purpose: CustomerAddress.Purpose
    /// Whether it is the one to use for that.
    public var isDefault: Bool
    /// The address.
    public var address: Address

    /// A draft in code.
    public init(
        id: Identifier? = nil, purpose: CustomerAddress.Purpose = .shipping, isDefault: Bool = false, _ address: Address
    ) {
        self.id = id
        self.purpose = purpose
        self.isDefault = isDefault
        self.address = address
    }

    /// Reads the members of an address among all addresses of a customer.
    public init(_ fields: inout JSONFields) {
        let id = fields.optionalIdentifier("id")
        self.init(new: &fields)
        self.id = id
    }

    /// Reads the members of an address that is added to those of a customer.
    public init(new fields: inout JSONFields) {
        purpose = fields.optionalChoice("type", CustomerAddress.Purpose.self) ?? .shipping
        isDefault = fields.optionalBool("is_default") ?? false
        address = Address(&fields)
    }
}
