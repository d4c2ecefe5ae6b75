/// A currency of ISO 4217 with the number of digits after its decimal point.
public struct Currency: Hashable, Sendable {
    /// The three letters, for example `EUR`.
    public let code: String
    /// How many decimal digits a minor unit is worth: 2 for cents, 0 for yen, 3 for Kuwaiti fils.
    public let digits: Int

    private init(code: String, digits: Int) {
        self.code = code
        self.digits = digits
    }

    /// The currency of a code in capital letters. Returns nil for a code that ISO 4217 does not list as in use.
    public init?(_ code: String) {
        guard let currency = Self.all[code] else { return nil }
        self = currency
    }

    /// United States dollar.
    public static let usd = Currency(code: "USD", digits: 2)
    /// Euro.
    public static let eur = Currency(code: "EUR", digits: 2)

    /// Every active code of ISO 4217 (list one of 2025-05-12), without funds, metals and test codes.
    private static let all: [String: Currency] = {
        let zero = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
        let two = """
            AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY \
            COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR \
            ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK \
            MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP \
            SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER \
            ZAR ZMW ZWG
            """
        let three = "BHD IQD JOD KWD LYD OMR TND"
        var currencies: [String: Currency] = [:]
        for (codes, digits) in [(zero, 0), (two, 2), (three, 3)] {
            for code in codes.split(separator: " ") {
                currencies[String(code)] = Currency(code: String(code), digits: digits)
            }
        }
        return currencies
    }()
}

extension Currency: SettingValue {
    public static var kind: String { "an ISO 4217 currency code in capitals, for example EUR" }
    public init?(text: String) { self.init(text) }
    public var text: String { code }
    public static func < (left: Currency, right: Currency) -> Bool { left.code < right.code }
}
