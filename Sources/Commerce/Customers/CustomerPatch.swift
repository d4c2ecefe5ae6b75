import ChangeLog
public import Core

/// What a client says of a customer: a merge patch (RFC 7396) of the members that it names.
public struct CustomerPatch: Sendable {
    /// The name.
    public var name: String?
    /// The e-mail address.
    public var email = Patch<EmailAddress>.keep
    /// The telephone number.
    public var phone = Patch<String>.keep
    /// The company.
    public var company = Patch<String>.keep
    /// The identifier that another system gave.
    public var externalID = Patch<String>.keep
    /// What the shop wants to remember.
    public var notes = Patch<String>.keep
    /// All of the addresses. Those with an identifier keep it.
    public var addresses: Patch<[CustomerAddressDraft]> = .keep
    /// Words to find the customer by.
    public var tags = Patch<[String]>.keep

    /// A patch that changes nothing.
    public init() {}

    /// Reads the members of a patch.
    public init(_ fields: inout JSONFields) {
        name = fields.notNull("name") { $0.optionalString($1, length: CustomerLimits.name) }
        email = fields.patch("email") { $0.optionalEmail($1) }
        phone = fields.patch("phone") { $0.optionalString($1, length: CustomerLimits.phone) }
        company = fields.patch("company") { $0.optionalString($1, length: CustomerLimits.company) }
        externalID = fields.patch("external_id") { $0.optionalString($1, length: CustomerLimits.externalID) }
        notes = fields.patch("notes") { $0.optionalString($1, length: CustomerLimits.notes) }
        addresses = fields.patch("addresses") {
            $0.optionalObjects($1, count: CustomerLimits.addresses) { CustomerAddressDraft(&$0) }
        }
        tags = fields.patch("tags") {
            $0.optionalStrings($1, count: CustomerLimits.tags, length: CustomerLimits.tag)
        }
    }
}

/// What a client says of a customer that is to be: everything that a patch may say, with a name.
public struct CustomerDraft: Sendable {
    /// What is said of the customer.
    public let patch: CustomerPatch

    /// A draft in code.
    public init(name: String, _ more: CustomerPatch = .init()) {
        var patch = more
        patch.name = name
        self.patch = patch
    }

    /// Reads the members of a new customer.
    public init(_ fields: inout JSONFields) {
        patch = CustomerPatch(&fields)
        fields.require("name")
    }
}

extension Customer {
    /// Takes over what a patch says.
    ///
    /// - parameter makeIdentifier: identifies new addresses.
    /// - throws: ``Failure`` `invalid_request` when the addresses do not go together.
    mutating func apply(_ patch: CustomerPatch, makeIdentifier: () -> Identifier) throws {
        name = patch.name ?? name
        email = patch.email.applied(to: email)
        phone = patch.phone.applied(to: phone)
        company = patch.company.applied(to: company)
        externalID = patch.externalID.applied(to: externalID)
        notes = patch.notes.applied(to: notes)
        tags = patch.tags.applied(to: tags, default: [])
        switch patch.addresses {
        case .keep: break
        case .remove: addresses = []
        case .set(let drafts): try setAddresses(drafts, makeIdentifier: makeIdentifier)
        }
    }

    private mutating func setAddresses(_ drafts: [CustomerAddressDraft], makeIdentifier: () -> Identifier) throws {
        let known = Set(addresses.map(\.id))
        var errors: [Failure.FieldError] = []
        var named = Set<Identifier>()
        var defaults = Set<CustomerAddress.Purpose>()
        for (index, draft) in drafts.enumerated() {
            if let id = draft.id, !known.contains(id) || !named.insert(id).inserted {
                errors.append(
                    .init(
                        pointer: "/addresses/\(index)/id",
                        message:
                            "The identifier of one of the addresses is expected, once. Leave it out for a new one."
                    ))
            }
            if draft.isDefault, !defaults.insert(draft.purpose).inserted {
                errors.append(
                    .init(
                        pointer: "/addresses/\(index)/is_default",
                        message: "Only one \(draft.purpose.rawValue) address can be the default."))
            }
        }
        guard errors.isEmpty else { throw Failure.invalid(errors) }
        addresses = drafts.map { CustomerAddress($0, id: $0.id ?? makeIdentifier()) }
    }

    /// Adds an address, which takes over from the default of its purpose when it is to be the default.
    mutating func addAddress(_ address: CustomerAddress) {
        if address.isDefault {
            for index in addresses.indices where addresses[index].purpose == address.purpose {
                addresses[index].isDefault = false
            }
        }
        addresses.append(address)
    }
}

extension JSONFields {
    /// An e-mail address.
    mutating func optionalEmail(_ name: String) -> EmailAddress? {
        guard let text = optionalString(name, length: CustomerLimits.email) else { return nil }
        guard let email = EmailAddress(text) else {
            reject(name, "An e-mail address is expected, for example maria@example.com.")
            return nil
        }
        return email
    }
}
