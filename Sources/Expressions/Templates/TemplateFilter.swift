import Core

/// What a template does with a value before it is put in.
enum TemplateFilter: Sendable, Equatable {
    /// Stands in for a field that is missing or null.
    case fallback(String)
    case upper
    case lower
    /// Removes white space at both ends.
    case trim
    /// Cuts after so many characters, the sign of the cut included.
    case truncate(Int)
    /// The value as JSON.
    case json
    case date(DatePattern)
    /// An amount with the decimals of a currency and its code.
    case money(Currency)
    case url
    case html
    case base64
    /// How many characters, elements or members there are.
    case length
    /// The elements of an array with a text between them.
    case join(String)
    case replace(String, String)

    /// The names of all filters.
    static let names = [
        "default", "upper", "lower", "trim", "truncate", "json", "date", "money", "url", "html", "base64", "length",
        "join", "replace",
    ]

    /// The arguments of a filter.
    enum Arguments: Sendable {
        case none
        case text(String)
        case texts(String, String)
        case number(Int)
        /// More than any filter takes.
        case others
    }

    /// Why there is no such filter.
    struct Unreadable: Error {
        let reason: String
    }

    /// The filter of a name with its arguments.
    init(_ name: String, _ arguments: Arguments) throws(Unreadable) {
        switch (name, arguments) {
        case ("default", .text(let text)): self = .fallback(text)
        case ("default", .number(let number)): self = .fallback("\(number)")
        case ("upper", .none): self = .upper
        case ("lower", .none): self = .lower
        case ("trim", .none): self = .trim
        case ("truncate", .number(let count)) where count > 0: self = .truncate(count)
        case ("json", .none): self = .json
        case ("date", .none): self = .date(.iso)
        case ("date", .text(let text)):
            guard let pattern = DatePattern(text) else {
                throw Unreadable(reason: "a date is written as iso, unix, or by %Y %m %d %H %M %S and %%")
            }
            self = .date(pattern)
        case ("money", .text(let code)):
            guard let currency = Currency(code) else {
                throw Unreadable(reason: "money takes a currency code of ISO 4217 in capitals, for example 'EUR'")
            }
            self = .money(currency)
        case ("url", .none): self = .url
        case ("html", .none): self = .html
        case ("base64", .none): self = .base64
        case ("length", .none): self = .length
        case ("join", .none): self = .join("")
        case ("join", .text(let separator)): self = .join(separator)
        case ("replace", .texts(let old, let new)) where !old.isEmpty: self = .replace(old, new)
        default: throw Unreadable(reason: Self.complaint(name))
        }
    }

    private static func complaint(_ name: String) -> String {
        switch name {
        case "default": return "default takes one argument, for example default('none')"
        case "truncate": return "truncate takes a number of characters, for example truncate(80)"
        case "date": return "date takes at most a pattern in quotes, for example date('%d.%m.%Y')"
        case "money": return "money takes a currency in quotes, for example money('EUR')"
        case "join": return "join takes at most a text, for example join(', ')"
        case "replace": return "replace takes two texts, for example replace('a', 'b'), the first one not empty"
        default: break
        }
        if names.contains(name) { return "\(name) takes no arguments" }
        let nearest = NearestName.of(name, among: names).map { "did you mean \($0)?" }
        return "there is no filter `\(name)`; \(nearest ?? "there are \(names.joined(separator: ", "))")"
    }
}

/// How a time is written.
enum DatePattern: Sendable, Equatable {
    /// RFC 3339 in UTC.
    case iso
    /// Seconds since 1970.
    case unix
    /// By the signs of `strftime` for year, month, day, hour, minute and second, in UTC.
    case signs(String)

    /// Where the parts stand in the text of RFC 3339.
    private static let parts: [Character: Range<Int>] = [
        "Y": 0..<4, "m": 5..<7, "d": 8..<10, "H": 11..<13, "M": 14..<16, "S": 17..<19,
    ]

    /// Reads a pattern. Returns nil when it has a sign that is not known.
    init?(_ text: String) {
        switch text {
        case "iso": self = .iso
        case "unix": self = .unix
        default:
            self = .signs(text)
            guard text.contains("%"), write(Timestamp(microseconds: 0)) != nil else { return nil }
        }
    }

    /// The text of a time, nil when the pattern has a sign that is not known.
    func write(_ time: Timestamp) -> String? {
        switch self {
        case .iso: return time.description
        case .unix:
            let seconds = time.microseconds / 1_000_000
            return "\(time.microseconds % 1_000_000 < 0 ? seconds - 1 : seconds)"
        case .signs(let pattern):
            let text = Array(time.description)
            var result = ""
            var characters = pattern.makeIterator()
            while let character = characters.next() {
                if character != "%" {
                    result.append(character)
                } else if let sign = characters.next(), sign == "%" || Self.parts[sign] != nil {
                    result += Self.parts[sign].map { String(text[$0]) } ?? "%"
                } else {
                    return nil
                }
            }
            return result
        }
    }
}
