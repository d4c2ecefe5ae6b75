import Core
import Foundation

/// What is said to a mail server and when (RFC 5321, with STARTTLS of RFC 3207, AUTH of RFC 4954, SIZE of RFC 1870).
///
/// It says what to do next after each reply. A message is taken by the server for all its recipients or for none.
struct SMTPDialogue {
    /// What to do next.
    enum Action {
        /// Send a line.
        case command(String)
        /// Send the message itself.
        case content
        /// Encrypt the connection.
        case encrypt
        /// A message may be sent.
        case ready
        /// The server has taken the message; another may be sent.
        case accepted
        /// The server does not take the message; another may be sent.
        case refused(Failure)
        /// Nothing more can be said.
        case close(Failure)
    }

    /// Whom a message is from and for, and how long it is.
    struct Envelope {
        let sender: String
        let recipients: [String]
        let size: Int
    }

    private enum State {
        case greeting, hello, startingTLS, encrypting
        case plainLogin, loginUser, loginPassword, loginEnd
        case ready
        case reset(Envelope), sender(Envelope), recipient(Envelope, Int), data, content
        case closed
    }

    private let server: String
    private let name: String
    private let login: SMTPURL.Login?
    private var needsEncryption: Bool
    private var state = State.greeting
    private var capabilities: [String: [String]] = [:]
    private var wasUsed = false

    /// A dialogue with a server that has just been connected to.
    ///
    /// - parameter name: what this client calls itself, a name or an address in brackets.
    init(with url: SMTPURL, as name: String) {
        server = "\(url.host):\(url.port)"
        self.name = name
        login = url.login
        needsEncryption = url.encryption == .starttls
    }

    /// Whether the message itself has been sent, so that it is not known whether the server has taken it.
    var isContentSent: Bool { if case .content = state { true } else { false } }

    /// A message is to be sent. The dialogue must be ready.
    mutating func send(_ envelope: Envelope) -> Action {
        guard case .ready = state else { return close(.smtpProtocol("a message is to be sent before it is ready")) }
        if let limit = capabilities["SIZE"]?.first.flatMap(Int.init), limit > 0, envelope.size > limit {
            return .refused(.smtpRefused(server, "it takes no more than \(limit) bytes"))
        }
        guard wasUsed else { return sendFrom(envelope) }
        state = .reset(envelope)
        return .command("RSET")
    }

    /// The connection is encrypted now.
    mutating func encrypted() -> Action {
        needsEncryption = false
        return sendHello()
    }

    /// The server has said something.
    mutating func received(_ reply: SMTPReply) -> Action {
        if reply.code == 421 { return close(.smtpDeferred(server, reply.text)) }
        switch state {
        case .greeting:
            return reply.code == 220 ? sendHello() : close(failure(reply))
        case .hello:
            guard reply.code == 250 else { return close(failure(reply)) }
            readCapabilities(reply)
            return afterHello()
        case .startingTLS:
            guard reply.code == 220 else { return close(.tlsFailed(server, "it refused STARTTLS: \(reply.text)")) }
            state = .encrypting
            return .encrypt
        case .plainLogin, .loginUser, .loginPassword, .loginEnd: return continueLogin(reply)
        case .reset(let envelope):
            return reply.code == 250 ? sendFrom(envelope) : close(.smtpDeferred(server, reply.text))
        case .sender(let envelope):
            return reply.code == 250 ? sendRecipient(envelope, 0) : refuse(reply)
        case .recipient(let envelope, let index):
            guard reply.code == 250 || reply.code == 251 else { return refuse(reply) }
            if index + 1 < envelope.recipients.count { return sendRecipient(envelope, index + 1) }
            state = .data
            return .command("DATA")
        case .data:
            guard reply.code == 354 else { return refuse(reply) }
            state = .content
            return .content
        case .content:
            guard reply.code == 250 else { return refuse(reply) }
            state = .ready
            return .accepted
        case .encrypting, .ready, .closed:
            return close(.smtpProtocol("it said \(reply.text) without being asked"))
        }
    }

    // MARK: Before the first message

    private mutating func sendHello() -> Action {
        state = .hello
        return .command("EHLO \(name)")
    }

    private mutating func readCapabilities(_ reply: SMTPReply) {
        capabilities = [:]
        for line in reply.lines.dropFirst() {
            // Some old servers write AUTH=LOGIN.
            let words = line.uppercased().split { $0 == " " || $0 == "=" }.map(String.init)
            if let word = words.first { capabilities[word, default: []] += words.dropFirst() }
        }
    }

    private mutating func afterHello() -> Action {
        if needsEncryption {
            guard capabilities["STARTTLS"] != nil else {
                return close(.tlsFailed(server, "it does not offer STARTTLS; tls=none would send without encryption"))
            }
            state = .startingTLS
            return .command("STARTTLS")
        }
        guard let login else { return becomeReady() }
        let mechanisms = capabilities["AUTH"] ?? []
        if mechanisms.contains("PLAIN") {
            state = .plainLogin
            return .command("AUTH PLAIN \(Self.base64("\0\(login.user)\0\(login.password)"))")
        }
        guard mechanisms.contains("LOGIN") else {
            return close(.smtpLoginRefused(server, "it offers neither AUTH PLAIN nor AUTH LOGIN"))
        }
        state = .loginUser
        return .command("AUTH LOGIN")
    }

    private mutating func continueLogin(_ reply: SMTPReply) -> Action {
        guard let login, reply.isPositive else {
            return close(
                (400..<500).contains(reply.code)
                    ? .smtpDeferred(server, reply.text) : .smtpLoginRefused(server, reply.text))
        }
        switch state {
        case .loginUser where reply.code == 334:
            state = .loginPassword
            return .command(Self.base64(login.user))
        case .loginPassword where reply.code == 334:
            state = .loginEnd
            return .command(Self.base64(login.password))
        case .plainLogin where reply.code == 235, .loginEnd where reply.code == 235: return becomeReady()
        default: return close(.smtpLoginRefused(server, reply.text))
        }
    }

    private mutating func becomeReady() -> Action {
        state = .ready
        return .ready
    }

    // MARK: A message

    private mutating func sendFrom(_ envelope: Envelope) -> Action {
        wasUsed = true
        state = .sender(envelope)
        let size = capabilities["SIZE"] == nil ? "" : " SIZE=\(envelope.size)"
        return .command("MAIL FROM:<\(envelope.sender)>\(size)")
    }

    private mutating func sendRecipient(_ envelope: Envelope, _ index: Int) -> Action {
        guard index < envelope.recipients.count else { return close(.smtpProtocol("a message is for nobody")) }
        state = .recipient(envelope, index)
        return .command("RCPT TO:<\(envelope.recipients[index])>")
    }

    /// What has been said of the message so far is undone before the next one.
    private mutating func refuse(_ reply: SMTPReply) -> Action {
        guard (400..<600).contains(reply.code) else { return close(failure(reply)) }
        state = .ready
        return .refused(failure(reply))
    }

    private mutating func close(_ failure: Failure) -> Action {
        state = .closed
        return .close(failure)
    }

    private func failure(_ reply: SMTPReply) -> Failure {
        switch reply.code {
        case 400..<500: .smtpDeferred(server, reply.text)
        case 500..<600: .smtpRefused(server, reply.text)
        default: .smtpProtocol("it said \(reply.text) where that says nothing")
        }
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
