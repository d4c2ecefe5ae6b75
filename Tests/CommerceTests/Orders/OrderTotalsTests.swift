import Commerce
import Core
import Foundation
import Storage
import TestKit
import Testing

/// Totals of random orders against a calculation of another kind: decimal numbers, rounded once per line.
@Suite struct OrderTotalsTests {
    private struct Line {
        let quantity: Int
        let price: String
        let discount: String
        let rate: String
    }

    private static let currencies = [("JPY", 0), ("USD", 2), ("KWD", 3)]

    @Test(arguments: TestStore.Engine.allCases)
    func totalsAgreeWithDecimalArithmetic(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let shop = try await OrderShop(engine)
        for round in 0..<60 {
            let (code, digits) = Self.currencies[round % 3]
            let lines = (0..<Int.random(in: 1...12, using: &random)).map { _ in Self.line(digits, &random) }
            let shipping = Self.amount(Int.random(in: 0...5_000, using: &random), digits)
            let items = lines.enumerated().map { index, line in
                #"{"sku":"x\#(index)","quantity":\#(line.quantity),"unit_price":"\#(line.price)","#
                    + #""discount_amount":"\#(line.discount)","tax_rate":"\#(line.rate)"}"#
            }
            let order = try await shop.order(
                #"{"currency":"\#(code)","shipping_amount":"\#(shipping)","reserve":false,"#
                    + #""items":[\#(items.joined(separator: ","))]}"#, .init(setsPrices: true, importsHistory: true))
            let expected = try Self.totals(lines, shipping, digits)
            let found = [
                order.amounts.subtotal, order.amounts.discount, order.amounts.tax, order.amounts.shipping,
                order.amounts.total,
            ].map(\.description)
            #expect(found == expected, "\(random), round \(round)")
            let stored = try await shop.find(order)
            #expect(stored == order)
        }
        #expect(try await shop.discrepancies() == [])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func halfUnitsAreRoundedUpOnEachLine(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        // 5 % of 0.10 is half a cent, so each line has one cent of tax; on the sum of both it would be one in all.
        let order = try await shop.order(
            #"{"currency":"EUR","items":[{"sku":"a","quantity":1,"unit_price":"0.10","tax_rate":"0.05"},"#
                + #"{"sku":"b","quantity":1,"unit_price":"0.10","tax_rate":"0.05"}]}"#,
            .init(setsPrices: true, importsHistory: true), reserve: false)
        #expect(order.lines?.map(\.tax.description) == ["0.01", "0.01"])
        #expect(order.amounts.total.description == "0.22")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func amountsBeyondTheLimitAreRefused(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        for item in [
            #"{"sku":"a","quantity":1000000,"unit_price":"9999999999999.99"}"#,
            #"{"sku":"a","quantity":1,"unit_price":"9999999999999.99","tax_rate":"1"}"#,
        ] {
            let failure = await #expect(throws: Failure.self) {
                try await shop.order(
                    #"{"currency":"EUR","items":[\#(item)]}"#, .init(setsPrices: true, importsHistory: true),
                    reserve: false)
            }
            #expect(failure?.code == "amount_out_of_range")
        }
        let discount = await #expect(throws: Failure.self) {
            try await shop.order(
                #"{"items":[{"sku":"chai","quantity":1,"discount_amount":"18.26"}]}"#, .init(setsPrices: true))
        }
        #expect(discount?.code == "discount_too_large")
    }

    private static func line(_ digits: Int, _ random: inout SeededRandom) -> Line {
        let quantity = Int.random(in: 1...(Bool.random(using: &random) ? 9 : 20_000), using: &random)
        let price = Int.random(in: 0...(Bool.random(using: &random) ? 99 : 5_000_000), using: &random)
        let discount = Bool.random(using: &random) ? 0 : Int.random(in: 0...(quantity * price), using: &random)
        let rates = ["0", "0.05", "0.19", "0.0875", "0.000001", "0.333333", "1", "10"]
        return Line(
            quantity: quantity, price: amount(price, digits), discount: amount(discount, digits),
            rate: rates.randomElement(using: &random) ?? "0")
    }

    /// A number of minor units as text, by moving the point.
    private static func amount(_ minor: Int, _ digits: Int) -> String {
        guard digits > 0 else { return "\(minor)" }
        let text = String(repeating: "0", count: max(0, digits + 1 - "\(minor)".count)) + "\(minor)"
        return "\(text.dropLast(digits)).\(text.suffix(digits))"
    }

    private static func totals(_ lines: [Line], _ shipping: String, _ digits: Int) throws -> [String] {
        func number(_ text: String) throws -> Foundation.Decimal {
            guard let number = Foundation.Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")) else {
                throw Failure.internal("\(text) is no number.")
            }
            return number
        }
        var sums: [Foundation.Decimal] = [0, 0, 0, try number(shipping)]
        for line in lines {
            let amount = try Foundation.Decimal(line.quantity) * number(line.price)
            var tax = try (amount - number(line.discount)) * number(line.rate)
            var rounded = Foundation.Decimal()
            NSDecimalRound(&rounded, &tax, digits, .plain)
            sums[0] += amount
            sums[1] += try number(line.discount)
            sums[2] += rounded
        }
        sums.append(sums[0] - sums[1] + sums[2] + sums[3])
        return sums.map { sum in
            let text = NSDecimalNumber(decimal: sum).stringValue
            let parts = text.split(separator: ".")
            guard digits > 0 else { return text }
            let fraction = parts.count > 1 ? String(parts[1]) : ""
            return "\(parts[0])." + fraction + String(repeating: "0", count: digits - fraction.count)
        }
    }
}

extension OrderShop {
    /// Makes an order that may set no stock aside.
    func order(_ json: String, _ permissions: OrderDraft.Permissions, reserve: Bool) async throws -> Order {
        try await order(#"{"reserve":\#(reserve),"# + json.dropFirst(), permissions)
    }

    /// What the audit finds.
    func discrepancies() async throws -> [CommerceAudit.Discrepancy] {
        try await read { [dialect = store.database.dialect] in try CommerceAudit.run(in: $0, of: dialect) }
    }
}
