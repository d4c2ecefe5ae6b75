public import Core
import Search

extension GraphFilters {
    /// What an attribute must be. Of a list one element that is so is enough; an attribute that is null, or a list of
    /// nothing else, is missing.
    public struct AttributeCondition: Sendable {
        /// How many bytes the name of an attribute may have.
        public static let nameBytes = AttributeTest.nameBytes
        /// How many bytes a text may have that attributes are compared with.
        public static let textBytes = AttributeValue.comparedBytes

        /// The name of the attribute.
        public let name: String
        let test: AttributeTest

        /// A condition on an attribute.
        ///
        /// - parameter value: with what it is compared: a text, a number, or where it is to be equal or different, true
        ///   or false. The conditions that ask whether there is one have none, and those that have none ask for that.
        public init(_ name: String, _ comparison: Comparison, _ value: JSONValue? = nil) {
            self.name = name
            guard let value = value.flatMap(AttributeValue.init) else {
                test = .known(name, comparison != .missing)
                return
            }
            test =
                switch comparison {
                case .equal: .equal(name, to: value)
                case .different: .different(name, from: value)
                case .later: .greater(name, than: value, orEqual: false)
                case .earlier: .less(name, than: value, orEqual: false)
                case .notEarlier: .greater(name, than: value, orEqual: true)
                case .notLater: .less(name, than: value, orEqual: true)
                case .missing, .known: .known(name, comparison != .missing)
                }
        }
    }
}
