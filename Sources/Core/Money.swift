/// An exact amount of one currency, in its minor unit.
///
/// Amounts lie within ±``limit``, so sums of the largest order cannot overflow. Arithmetic on amounts of two currencies
/// and results beyond the limit are failures, never wrong numbers.
public struct Money: Hashable, Sendable {
    /// The amount in minor units: 5998 for 59.98 USD.
    public let minorUnits: Int64
    /// The currency.
    public let currency: Currency

    /// The largest amount, in minor units: ten trillion units of a currency with cents.
    public static let limit: Int64 = 1_000_000_000_000_000

    /// An amount in minor units, which must be within ±``limit``.
    ///
    /// - throws: ``Failure`` `amount_out_of_range`.
    public init(minorUnits: Int64, currency: Currency) throws {
        guard minorUnits.magnitude <= Self.limit.magnitude else { throw Self.outOfRange }
        self.minorUnits = minorUnits
        self.currency = currency
    }

    private init(unchecked minorUnits: Int64, _ currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    /// Nothing, in a currency.
    public static func zero(_ currency: Currency) -> Money { Money(unchecked: 0, currency) }

    /// An amount that stands in our own table, which holds only amounts that were checked on their way in.
    public init(stored minorUnits: Int64, currency: Currency) {
        self.init(unchecked: min(max(minorUnits, -Self.limit), Self.limit), currency)
    }

    /// Reads decimal text exactly. Returns nil for text that is not a number, has more decimals than the currency, or
    /// lies beyond the limit.
    public init?(_ text: some StringProtocol, currency: Currency) {
        guard let minor = Decimal(text)?.exactly(digits: currency.digits),
            minor.magnitude <= Self.limit.magnitude
        else { return nil }
        self.init(unchecked: minor, currency)
    }

    static let outOfRange = Failure(
        .invalid, code: "amount_out_of_range", "An amount is larger than ten trillion; split the order.")

    /// The sum of two amounts of one currency.
    public func adding(_ other: Money) throws -> Money {
        try requireSameCurrency(other)
        return try Money(minorUnits: minorUnits + other.minorUnits, currency: currency)
    }

    /// The difference of two amounts of one currency.
    public func subtracting(_ other: Money) throws -> Money {
        try requireSameCurrency(other)
        return try Money(minorUnits: minorUnits - other.minorUnits, currency: currency)
    }

    /// The amount taken a whole number of times.
    public func multiplied(by quantity: Int64) throws -> Money {
        let (product, overflow) = minorUnits.multipliedReportingOverflow(by: quantity)
        guard !overflow else { throw Self.outOfRange }
        return try Money(minorUnits: product, currency: currency)
    }

    /// A share of the amount, rounded to the minor unit, half away from zero.
    public func multiplied(by rate: Rate) throws -> Money {
        let product = Int128(minorUnits) * Int128(rate.partsPerMillion)
        guard let share = Int64(exactly: product.divided(roundingHalfAwayBy: 1_000_000)) else {
            throw Self.outOfRange
        }
        return try Money(minorUnits: share, currency: currency)
    }

    /// The share `part / whole` of the amount, rounded to the minor unit, half away from zero.
    public func share(_ part: Int64, of whole: Int64) throws -> Money {
        guard whole > 0 else { return .zero(currency) }
        let product = Int128(minorUnits) * Int128(part)
        guard let share = Int64(exactly: product.divided(roundingHalfAwayBy: Int128(whole))) else {
            throw Self.outOfRange
        }
        return try Money(minorUnits: share, currency: currency)
    }

    private func requireSameCurrency(_ other: Money) throws {
        guard currency == other.currency else {
            throw Failure(
                .invalid, code: "currency_mismatch",
                "An amount is in \(other.currency.code) where \(currency.code) is expected; use one currency an order.")
        }
    }
}

extension Money: CustomStringConvertible {
    /// The amount without its currency, with all of the currency's decimals: `59.98`, `-0.05`, `1200` for yen.
    public var description: String {
        String(unsafeUninitializedCapacity: DecimalText.capacity) { write(to: $0) }
    }

    /// Writes the text into the start of a buffer of ``DecimalText/capacity`` bytes and returns its length.
    func write(to buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        DecimalText.write(minorUnits, digits: currency.digits, to: buffer)
    }
}
