/// An e-mail address. Two customers cannot have addresses that differ in case alone.
public struct EmailAddress: Sendable, Hashable {
    /// The address as it was given.
    public let text: String
    /// What it is compared by.
    public let key: String

    /// Reads an address. It is taken as it is when it has the form `somebody@somewhere`: whether mail arrives, only
    /// mail tells.
    ///
    /// Returns nil for text of another form.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, CustomerLimits.email.contains(text.unicodeScalars.count),
            CustomerLimits.emailLocalPart.contains(parts[0].unicodeScalars.count),
            !parts[1].split(separator: ".", omittingEmptySubsequences: false).contains(where: \.isEmpty),
            !text.unicodeScalars.contains(where: { $0.properties.isWhitespace || $0.value < 0x20 || $0.value == 0x7F })
        else { return nil }
        self.text = String(text)
        key = text.lowercased()
    }

    init(stored text: String, key: String) {
        self.text = text
        self.key = key
    }
}
