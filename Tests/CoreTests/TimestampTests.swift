import Core
import TestKit
import Testing

@Suite struct TimestampTests {
    /// Moments with their Unix seconds, from `date -u -d … +%s`.
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1), ("2000-02-29T12:00:00Z", 951_825_600),
        ("2026-11-21T09:30:00Z", 1_795_253_400), ("1900-03-01T00:00:00Z", -2_203_891_200),
        ("2038-01-19T03:14:08Z", 2_147_483_648), ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("9999-12-31T23:59:59Z", 253_402_300_799), ("2024-12-31T23:59:59Z", 1_735_689_599),
    ])
    func knowsTheCalendar(text: String, seconds: Int64) {
        #expect(Timestamp(text)?.microseconds == seconds * 1_000_000)
        #expect(Timestamp(microseconds: seconds * 1_000_000).description == text)
    }

    @Test(arguments: [
        ("2026-11-21T09:30:00+02:00", "2026-11-21T07:30:00Z"), ("2026-11-21T09:30:00-05:30", "2026-11-21T15:00:00Z"),
        ("2026-01-01T00:15:00+00:30", "2025-12-31T23:45:00Z"), ("2026-11-21t09:30:00z", "2026-11-21T09:30:00Z"),
        ("2026-11-21 09:30:00Z", "2026-11-21T09:30:00Z"), ("2026-11-21", "2026-11-21T00:00:00Z"),
        ("2026-11-21T09:30:00.5Z", "2026-11-21T09:30:00.500000Z"),
        ("2026-11-21T09:30:00.1234567Z", "2026-11-21T09:30:00.123456Z"),
        ("2026-11-21T09:30:00.000000999Z", "2026-11-21T09:30:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("2026-11-21T09:30:00-00:00", "2026-11-21T09:30:00Z"),
    ])
    func readsEveryFormOfTheStandard(text: String, inUTC: String) {
        #expect(Timestamp(text)?.description == inUTC)
    }

    @Test(arguments: [
        "", "2026", "2026-11", "2026-11-21T", "2026-11-21T09:30Z", "2026-11-21T09:30:00", "2026-13-01", "2026-00-01",
        "2026-01-00", "2026-02-29", "1900-02-29", "2026-04-31", "2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z",
        "2026-11-21T09:30:61Z", "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00,5Z", "2026-11-21T09:30:00+24:00",
        "2026-11-21T09:30:00+02:60", "2026-11-21T09:30:00+0200", "2026-11-21T09:30:00Z ", " 2026-11-21",
        "0000-01-01", "+2026-11-21", "10000-01-01", "2026-1-1", "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01", "９999-12-31", "2026-11-21T09:30:00ZZ", "2026/11/21",
    ])
    func refusesOtherTexts(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func everyLeapDayExistsAndNoOther() {
        for year in 1...9999 {
            let text = String(repeating: "0", count: 4 - String(year).count) + "\(year)-02-29"
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            #expect((Timestamp(text) != nil) == isLeap, "\(text)")
        }
    }

    @Test func daysFollowEachOtherFromTheFirstYearToTheLast() {
        var previous = Timestamp.earliest
        var count = 1
        for year in 1...9999 {
            for month in 1...12 {
                for day in [1, 28] {
                    let text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
                    guard let moment = Timestamp(text) else {
                        Issue.record("\(text) is a day")
                        return
                    }
                    if day == 28 { #expect(moment.microseconds - previous.microseconds == 27 * 86_400_000_000) }
                    if text != "0001-01-01" { count += 1 }
                    previous = moment
                }
            }
        }
        #expect(count == 9999 * 24)
        #expect(Timestamp.latest.microseconds - previous.microseconds == 4 * 86_400_000_000 - 1)
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    @Test func randomMomentsReadBackAndSortAsTheirTexts() {
        var random = SeededRandom.fresh()
        var moments: [Timestamp] = []
        for _ in 0..<20_000 {
            let range = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
            let moment = Timestamp(microseconds: .random(in: range, using: &random))
            #expect(Timestamp(moment.description) == moment, "\(moment.microseconds), \(random)")
            moments.append(Timestamp(microseconds: moment.microseconds / 1_000_000 * 1_000_000))
        }
        #expect(moments.sorted().map(\.description) == moments.map(\.description).sorted(), "\(random)")
    }

    @Test func distancesStayWithinTheCalendar() {
        let moment = Timestamp(microseconds: 1_500_000)
        #expect(moment.advanced(bySeconds: -2) == Timestamp(microseconds: -500_000))
        #expect(moment.advanced(bySeconds: .max) == .latest)
        #expect(moment.advanced(bySeconds: .min) == .earliest)
        #expect(moment.advanced(bySeconds: 9_223_372_036_854) == .latest)
        #expect(Timestamp(microseconds: .max).advanced(bySeconds: 1) == .latest)
        #expect(Timestamp(microseconds: .max).description == "9999-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: .min).description == "0001-01-01T00:00:00Z")
    }
}
