import Core
import TestKit
import Testing

@Suite struct MoneyTests {
    private let yen = Currency("JPY")
    private let dinar = Currency("KWD")

    private func dollars(_ text: String) throws -> Money { try #require(Money(text, currency: .usd)) }

    private func code(_ body: () throws -> Money) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? Failure)?.code
        }
    }

    @Test func currenciesHaveTheirDigits() throws {
        #expect(yen?.digits == 0)
        #expect(dinar?.digits == 3)
        #expect(Currency("USD") == .usd)
        #expect(Currency.eur.digits == 2)
        #expect(["usd", "", "US", "USDX", "XTS", "XAU", "€"].allSatisfy { Currency($0) == nil })
    }

    @Test func amountsHaveTheDecimalsOfTheirCurrency() throws {
        let yen = try #require(yen)
        let dinar = try #require(dinar)
        #expect(Money("1200", currency: yen)?.minorUnits == 1_200)
        #expect(Money("1200.0", currency: yen)?.description == "1200")
        #expect(Money("1200.5", currency: yen) == nil)
        #expect(Money("1.005", currency: dinar)?.minorUnits == 1_005)
        #expect(Money("0.005", currency: dinar)?.description == "0.005")
        #expect(Money("1.0005", currency: dinar) == nil)
        #expect(Money("0.001", currency: .usd) == nil)
        #expect(Money("1e2", currency: .usd)?.description == "100.00")
    }

    @Test(arguments: [
        ("0", "0.00"), ("-0", "0.00"), ("0.05", "0.05"), ("-0.05", "-0.05"), ("5", "5.00"), ("59.9", "59.90"),
        ("-1234.56", "-1234.56"), ("10000000000000", "10000000000000.00"),
    ])
    func writesAllDecimals(text: String, written: String) throws {
        #expect(try dollars(text).description == written)
    }

    @Test func nothingGoesBeyondTheLimit() throws {
        let largest = try dollars("10000000000000")
        let cent = try dollars("0.01")
        #expect(largest.minorUnits == Money.limit)
        #expect(Money("10000000000000.01", currency: .usd) == nil)
        #expect(Money("-10000000000000.01", currency: .usd) == nil)
        #expect(code { try largest.adding(cent) } == "amount_out_of_range")
        #expect(code { try Money.zero(.usd).subtracting(largest).subtracting(cent) } == "amount_out_of_range")
        #expect(code { try largest.multiplied(by: 2) } == "amount_out_of_range")
        #expect(code { try largest.multiplied(by: .max) } == "amount_out_of_range")
        #expect(code { try cent.multiplied(by: .min) } == "amount_out_of_range")
        #expect(code { try Money(minorUnits: .min, currency: .usd) } == "amount_out_of_range")
        #expect(code { try largest.multiplied(by: Rate(stored: .max)) } == "amount_out_of_range")
        #expect(code { try largest.share(.max, of: 1) } == "amount_out_of_range")
        #expect(try largest.adding(.zero(.usd)) == largest)
        #expect(Money(stored: .max, currency: .usd) == largest)
    }

    @Test func currenciesDoNotMix() throws {
        let dollar = try dollars("1")
        #expect(code { try dollar.adding(.zero(.eur)) } == "currency_mismatch")
        #expect(code { try dollar.subtracting(.zero(.eur)) } == "currency_mismatch")
        #expect(try dollar.adding(dollar).subtracting(dollars("0.01")).description == "1.99")
    }

    @Test(arguments: [
        ("0.10", "0.05", "0.01"), ("0.09", "0.05", "0.00"), ("-0.10", "0.05", "-0.01"), ("-0.09", "0.05", "0.00"),
        ("59.98", "0.0875", "5.25"), ("100", "0.19", "19.00"), ("0.02", "0.25", "0.01"), ("0.01", "0.499999", "0.00"),
        ("0.01", "0.5", "0.01"), ("10000000000000", "1", "10000000000000.00"), ("19.99", "0", "0.00"),
        ("33.33", "10", "333.30"),
    ])
    func aRateIsTakenHalfAwayFromZero(amount: String, rate: String, expected: String) throws {
        let rate = try #require(Rate(rate))
        #expect(try dollars(amount).multiplied(by: rate).description == expected)
    }

    @Test func aShareIsRoundedHalfAwayFromZero() throws {
        #expect(try dollars("10").share(1, of: 3).description == "3.33")
        #expect(try dollars("10").share(2, of: 3).description == "6.67")
        #expect(try dollars("0.01").share(1, of: 2).description == "0.01")
        #expect(try dollars("-0.01").share(1, of: 2).description == "-0.01")
        #expect(try dollars("0.05").share(3, of: 3).description == "0.05")
        #expect(try dollars("0.05").share(1, of: 0).description == "0.00")
    }

    @Test func randomAmountsReadBack() throws {
        var random = SeededRandom.fresh()
        for currency in [Currency.usd, try #require(yen), try #require(dinar)] {
            for _ in 0..<2_000 {
                let digits = Int.random(in: 0...50, using: &random)
                let units = Int64.random(in: -Money.limit...Money.limit, using: &random) >> digits
                let amount = try Money(minorUnits: units, currency: currency)
                #expect(Money(amount.description, currency: currency) == amount, "\(amount), \(random)")
            }
        }
    }
}

@Suite struct RateTests {
    @Test(arguments: [
        ("0", "0"), ("0.0875", "0.0875"), ("0.19", "0.19"), ("1", "1"), ("10", "10"), ("0.000001", "0.000001"),
        ("1.100000", "1.1"), ("9.999999", "9.999999"), ("19e-2", "0.19"), ("-0", "0"),
    ])
    func readsAndWritesExactly(text: String, written: String) {
        #expect(Rate(text)?.description == written)
    }

    @Test(arguments: ["", "-0.1", "10.000001", "0.0000001", "19%", "abc", "1e10"])
    func refusesOtherTexts(text: String) {
        #expect(Rate(text) == nil)
    }

    @Test func standsInMillionths() {
        #expect(Rate("0.0875")?.partsPerMillion == 87_500)
        #expect(Rate(stored: 87_500) == Rate("0.0875"))
        #expect(Rate.zero == Rate("0"))
    }
}
