import Core
import TestKit
import Testing

@Suite struct DecimalTests {
    @Test(arguments: [
        ("0", 0, 0), ("-0", 0, 0), ("-0.000", 0, 0), ("0e18", 0, 0), ("0e-18", 0, 0), ("5", 5, 0), ("-5", -5, 0),
        ("59.98", 5998, 2), ("59.980", 5998, 2), ("-0.05", -5, 2), ("007", 7, 0), ("100", 100, 0), ("1.50e1", 15, 0),
        ("1e3", 1000, 0), ("1E+3", 1000, 0), ("1e-3", 1, 3), ("12.5e-1", 125, 2), ("1200e-2", 12, 0),
        ("9e18", 9_000_000_000_000_000_000, 0), ("999999999999999999", 999_999_999_999_999_999, 0),
        ("-999999999999999999", -999_999_999_999_999_999, 0), ("0.000000000000000001", 1, 18),
        ("59.980000000000000000000000", 5998, 2), ("1000000000000000000", 1_000_000_000_000_000_000, 0),
        ("0000000000000000000000000000000000000012", 12, 0), ("100000000000000000000e-18", 100, 0),
        ("0.0000000000000000000000000000000000000000000001", 1, 46), ("10.0100", 1001, 2),
    ])
    func readsExactly(text: String, coefficient: Int64, scale: Int) {
        let number = Decimal(text)
        #expect(number?.coefficient == coefficient)
        #expect(number?.scale == scale)
    }

    @Test(arguments: [
        "", "-", "--1", "+1", ".5", "5.", "-.5", "1.2.3", "1-", "1e", "1e+", "1e-", "1e+-2", "1e-+2", "1e1.5", "e5",
        "1 ", " 1", "1,5", "0x10", "NaN", "Infinity", "1_000", "１", "1e\u{301}5", "1\u{301}", "1e5\u{301}", "1e19",
        "1e-19", "1e99999999999999999999", "0e19", "1234567890123456789", "1.234567890123456789", "1e18e1",
        "10000000000000000001", "10e18", "1\u{0}",
        "00000000000000000000000000000000000000000000000000000000000000000",
    ])
    func refusesOtherTexts(text: String) {
        #expect(Decimal(text) == nil)
    }

    @Test func equalNumbersAreEqualHoweverTheyAreWritten() {
        let one = ["1", "1.0", "1.000", "10e-1", "0.1e1", "0.01E+2", "01"].map { Decimal($0) }
        #expect(Set(one) == [Decimal("1")])
    }

    @Test func countsInUnitsOnlyWhenItIsWhole() throws {
        let number = try #require(Decimal("12.345"))
        #expect(number.exactly(digits: 2) == nil)
        #expect(number.exactly(digits: 3) == 12_345)
        #expect(number.exactly(digits: 6) == 12_345_000)
        #expect(number.exactly(digits: 18) == nil)
        #expect(Decimal("9e18")?.exactly(digits: 1) == nil)
    }

    @Test(arguments: [
        ("9.80000019", 2, 980), ("0.005", 2, 1), ("-0.005", 2, -1), ("0.0049999", 2, 0), ("-0.0049999", 2, 0),
        ("1.5", 0, 2), ("-1.5", 0, -2), ("2.5", 0, 3), ("1.2", 2, 120), ("0.999999999999999999", 0, 1),
        ("0.0000000000000000000000000000000000000000000001", 2, 0),
    ])
    func roundsHalfAwayFromZero(text: String, digits: Int, units: Int64) {
        #expect(Decimal(text)?.rounded(digits: digits) == units)
    }

    @Test func randomNumbersReadAsTheyAreWritten() throws {
        var random = SeededRandom.fresh()
        for _ in 0..<20_000 {
            let units = Int64.random(in: -999_999_999_999_999_999...999_999_999_999_999_999, using: &random)
            let scale = Int.random(in: 0...18, using: &random)
            let digits = String(units.magnitude)
            let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
            let fraction = scale == 0 ? "" : "." + padded.suffix(scale)
            let text = (units < 0 ? "-" : "") + padded.dropLast(scale) + fraction
            let number = try #require(Decimal(text), "\(text), \(random)")
            #expect(number.exactly(digits: scale) == units, "\(text), \(random)")
            let shift = Int.random(in: 0...18, using: &random)
            #expect(Decimal("\(text)e-\(shift)")?.exactly(digits: scale + shift) == units, "\(text), \(random)")
        }
    }
}
