public import Core

/// An e-mail with a text, an HTML form, or both (RFC 5322, RFC 2045).
///
/// Nothing that it is made of can add a field: addresses with control characters are refused, and line breaks in a
/// subject become blanks.
public struct EmailMessage: Sendable {
    /// Who it is from; nil is whoever the client says (`outbound.smtp_from`).
    public let sender: EmailAddress?
    /// Whom it is for.
    public let recipients: [EmailAddress]
    /// Who gets a copy, for all to see.
    public let copies: [EmailAddress]
    /// Who is to be answered, if not the sender.
    public let replyTo: EmailAddress?
    /// What it is about.
    public let subject: String
    /// What people read who read no HTML.
    public let text: String?
    /// What people read who read HTML.
    public let html: String?
    /// Names the message: the same for each attempt to send it, so that whoever gets it twice can tell.
    public let messageID: String
    /// Which attempt to send it this is, from 1, if somebody counts: it goes as the field `Millrace-Attempt`.
    public let attempt: Int?
    /// When it was written.
    public let date: Timestamp

    /// How many people one message may be for.
    public static let recipientLimit = 100
    /// How long both forms may be together, in bytes.
    public static let lengthLimit = 10 << 20

    /// A message by its parts.
    ///
    /// - parameter messageID: `something@host`, without brackets.
    /// - throws: ``Failure`` `email_invalid` when it is for nobody or too many, says nothing, is too long, or has no
    ///   identifier that can be sent.
    public init(
        from sender: EmailAddress? = nil, to recipients: [EmailAddress], copies: [EmailAddress] = [],
        replyTo: EmailAddress? = nil, subject: String, text: String?, html: String? = nil, messageID: String,
        attempt: Int? = nil, date: Timestamp
    ) throws(Failure) {
        guard !recipients.isEmpty, recipients.count + copies.count <= Self.recipientLimit else {
            throw .emailInvalid("is not for 1 to \(Self.recipientLimit) people")
        }
        guard text != nil || html != nil else { throw .emailInvalid("has neither a text nor an HTML form") }
        guard (text?.utf8.count ?? 0) + (html?.utf8.count ?? 0) <= Self.lengthLimit else {
            throw .emailInvalid("is longer than \(Self.lengthLimit) bytes")
        }
        let parts = messageID.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, messageID.utf8.count <= 200,
            parts.allSatisfy({ part in
                part.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
                    !atom.isEmpty && atom.utf8.allSatisfy(EmailAddress.isAtomByte)
                }
            })
        else { throw .emailInvalid("has no identifier of the form something@host") }
        self.sender = sender
        self.recipients = recipients
        self.copies = copies
        self.replyTo = replyTo
        self.subject = EmailAddress.withoutControls(subject)
        self.text = text
        self.html = html
        self.messageID = messageID
        self.attempt = attempt
        self.date = date
    }

    /// The addresses that the server is told, each once.
    var envelopeRecipients: [String] {
        var seen: Set<String> = []
        return (recipients + copies).map(\.address).filter { seen.insert($0).inserted }
    }
}
