/// How much is kept of a customer. Lengths are in characters.
public enum CustomerLimits {
    /// The length of a customer's name.
    public static let name = 1...200
    /// The length of an e-mail address (RFC 5321, section 4.5.3.1).
    public static let email = 3...254
    /// The length of the part of an e-mail address before its at sign.
    public static let emailLocalPart = 1...64
    /// The length of a telephone number.
    public static let phone = 1...40
    /// The length of a company's name.
    public static let company = 1...200
    /// The length of an identifier that another system gave.
    public static let externalID = 1...128
    /// The length of the notes.
    public static let notes = 0...10_000
    /// The number of addresses.
    public static let addresses = 0...50
    /// The number of tags.
    public static let tags = 0...50
    /// The length of a tag.
    public static let tag = 1...64
    /// The length of the beginning of a name that is searched for.
    public static let search = 1...100
}
