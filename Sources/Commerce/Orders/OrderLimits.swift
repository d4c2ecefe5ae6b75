/// How large an order may be.
public enum OrderLimits {
    /// Lines of one order.
    public static let lines = 1...500
    /// Units of one line.
    public static let quantity: ClosedRange<Int64> = 1...1_000_000
    /// Orders in one bulk request.
    public static let bulk = 1...100
    /// Characters of a number that an import brings.
    public static let number = 1...40
    /// Characters of the number in another system.
    public static let externalID = 1...128
    /// Characters of a payment or shipping method.
    public static let method = 1...100
    /// Characters of notes.
    public static let notes = 1...4_000
    /// Characters of a reason.
    public static let reason = 1...500
}
