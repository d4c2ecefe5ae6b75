import Core
import Foundation

/// Writes messages as they are sent: 7-bit lines that end with CR LF and are short enough for every server.
enum EmailEncoding {
    /// No encoded text has this, because `=` is followed by two digits there (RFC 2045, section 6.7).
    private static let boundary = "=_millrace_part"
    /// How long a line should be, without its end.
    private static let lineLength = 76

    /// The whole message.
    static func bytes(of message: EmailMessage, from sender: EmailAddress) -> [UInt8] {
        var lines = [
            "From: \(mailbox(sender))",
            list("To", message.recipients),
        ]
        if !message.copies.isEmpty { lines.append(list("Cc", message.copies)) }
        if let replyTo = message.replyTo { lines.append("Reply-To: \(mailbox(replyTo))") }
        lines += [
            "Subject: \(unstructured(message.subject, after: "Subject: ".count))",
            "Date: \(date(message.date))",
            "Message-ID: <\(message.messageID)>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ]
        if let attempt = message.attempt { lines.append("Millrace-Attempt: \(attempt)") }
        switch (message.text, message.html) {
        case (let text?, let html?):
            lines += ["Content-Type: multipart/alternative; boundary=\"\(boundary)\"", "", "--\(boundary)"]
            lines += part("plain", text) + ["--\(boundary)"] + part("html", html) + ["--\(boundary)--"]
        case (let text?, nil): lines += part("plain", text)
        case (nil, let html?): lines += part("html", html)
        case (nil, nil): break
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    private static func part(_ kind: String, _ text: String) -> [String] {
        [
            "Content-Type: text/\(kind); charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
            quotedPrintable(text),
        ]
    }

    // MARK: Fields

    private static func list(_ name: String, _ addresses: [EmailAddress]) -> String {
        "\(name): " + addresses.map(mailbox).joined(separator: ",\r\n ")
    }

    private static func mailbox(_ address: EmailAddress) -> String {
        guard let name = address.name else { return address.address }
        guard name.utf8.allSatisfy({ $0 < 0x80 }), name.utf8.count <= 60 else {
            return "\(encodedWords(name))\r\n <\(address.address)>"
        }
        let quoted = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(quoted)\" <\(address.address)>"
    }

    /// A text without a form of its own, in lines that are not too long.
    private static func unstructured(_ text: String, after start: Int) -> String {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let isPlain = text.utf8.allSatisfy { $0 < 0x80 } && !text.contains("=?") && !text.contains("  ")
        guard isPlain, text.first != " ", text.last != " ", words.allSatisfy({ $0.utf8.count < lineLength - start })
        else {
            return encodedWords(text)
        }
        var (result, length) = ("", start)
        for word in words {
            if !result.isEmpty {
                let isFull = length + 1 + word.utf8.count > lineLength
                result += isFull ? "\r\n " : " "
                length = isFull ? 1 : length + 1
            }
            result += word
            length += word.utf8.count
        }
        return result
    }

    /// Any text as words of at most 75 characters (RFC 2047), none of which ends within a character.
    static func encodedWords(_ text: String) -> String {
        var words: [String] = []
        var bytes: [UInt8] = []
        func end() {
            words.append("=?utf-8?B?\(Data(bytes).base64EncodedString())?=")
            bytes = []
        }
        for scalar in text.unicodeScalars {
            let next = Array(String(scalar).utf8)
            if bytes.count + next.count > 42 { end() }
            bytes += next
        }
        end()
        return words.joined(separator: "\r\n ")
    }

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// A moment as RFC 5322, section 3.3 has it.
    static func date(_ moment: Timestamp) -> String {
        let text = moment.description
        let day = (moment.microseconds / 86_400_000_000) % 7
        let month = Int(text.dropFirst(5).prefix(2)) ?? 1
        return "\(days[Int((day + 7) % 7)]), \(text.dropFirst(8).prefix(2)) \(months[month - 1]) \(text.prefix(4)) "
            + "\(text.dropFirst(11).prefix(8)) +0000"
    }

    // MARK: Bodies

    /// Text as ASCII in lines of at most 76 characters (RFC 2045, section 6.7).
    static func quotedPrintable(_ text: String) -> String {
        let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
            .split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { quotedLine(Array($0.utf8)) }.joined(separator: "\r\n")
    }

    private static func quotedLine(_ bytes: [UInt8]) -> String {
        var (line, length) = ("", 0)
        for (index, byte) in bytes.enumerated() {
            let isLast = index == bytes.count - 1
            let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            let isPlain = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=") || isBlank && !isLast
            let unit = isPlain ? String(UnicodeScalar(byte)) : "=" + hexadecimal(byte)
            if length + unit.utf8.count > lineLength - (isLast ? 0 : 1) {
                line += "=\r\n"
                length = 0
            }
            line += unit
            length += unit.utf8.count
        }
        return line
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
    }
}
