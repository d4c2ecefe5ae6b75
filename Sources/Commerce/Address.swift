public import Core

/// A postal address. Each part stands in a field of its own, so none is ever guessed from a line of text.
public struct Address: Sendable, Hashable {
    /// Who receives it there.
    public var name: String?
    /// The company that receives it there.
    public var company: String?
    /// Street and number.
    public var line1: String
    /// What else the carrier needs: a floor, a flat.
    public var line2: String?
    /// The town.
    public var city: String
    /// The state, province or county.
    public var region: String?
    /// The postal code as the country writes it.
    public var postalCode: String?
    /// The country by its name or by its ISO 3166 code.
    public var country: String
    /// Whom the carrier calls.
    public var phone: String?

    /// An address of its parts.
    public init(
        name: String? = nil, company: String? = nil, line1: String, line2: String? = nil, city: String,
        region: String? = nil, postalCode: String? = nil, country: String, phone: String? = nil
    ) {
        self.name = name
        self.company = company
        self.line1 = line1
        self.line2 = line2
        self.city = city
        self.region = region
        self.postalCode = postalCode
        self.country = country
        self.phone = phone
    }
}

extension Address {
    /// Lengths of the parts, in characters.
    public enum Limits {
        /// Of names, companies and lines.
        public static let line = 1...200
        /// Of towns and regions.
        public static let place = 1...100
        /// Of postal codes.
        public static let postalCode = 1...20
        /// Of country names or codes.
        public static let country = 2...60
        /// Of telephone numbers.
        public static let phone = 1...40
    }

    /// Reads the members of an address.
    public init(_ fields: inout JSONFields) {
        name = fields.optionalString("name", length: Limits.line)
        company = fields.optionalString("company", length: Limits.line)
        line1 = fields.string("line1", length: Limits.line)
        line2 = fields.optionalString("line2", length: Limits.line)
        city = fields.string("city", length: Limits.place)
        region = fields.optionalString("region", length: Limits.place)
        postalCode = fields.optionalString("postal_code", length: Limits.postalCode)
        country = fields.string("country", length: Limits.country)
        phone = fields.optionalString("phone", length: Limits.phone)
    }

    /// Reads an address that stands in our own table as JSON.
    ///
    /// - throws: ``Failure`` when the text is not what ``write(to:)`` wrote.
    public init(stored json: [UInt8]) throws {
        self = try JSONFields.read(try JSONParser.parse(json)) { Address(&$0) }
    }
}

extension Address: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes the members of the address into an object that has more of them.
    func writeMembers(to json: inout JSONWriter) {
        json.member("name", name)
        json.member("company", company)
        json.member("line1", line1)
        json.member("line2", line2)
        json.member("city", city)
        json.member("region", region)
        json.member("postal_code", postalCode)
        json.member("country", country)
        json.member("phone", phone)
    }
}
