/// The names of changed fields as one text, as the table `changes` has them: separated by commas.
///
/// A comma within a name is written as `%2C` and a percent sign as `%25` (RFC 3986, section 2.1), since columns of a
/// database that others have made may be called anything.
enum ChangedFields {
    static func text(_ names: [String]) -> String {
        names.map { name in
            // Hardly any name has one, so most texts are joined as they are.
            name.utf8.contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: ",") }
                ? name.replacing("%", with: "%25").replacing(",", with: "%2C") : name
        }.joined(separator: ",")
    }

    static func names(in text: String) -> [String] {
        text.split(separator: ",").map { part in
            let name = String(part)
            return name.utf8.contains(UInt8(ascii: "%"))
                ? name.replacing("%2C", with: ",").replacing("%25", with: "%") : name
        }
    }
}
