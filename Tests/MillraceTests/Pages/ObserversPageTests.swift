import Testing

/// `docs/observers.md` as somebody follows it: each of its blocks is run as it stands there, in one shell, on a shop of
/// the form of Northwind.
@Suite(.timeLimit(.minutes(5))) struct ObserversPageTests {
    @Test func everyBlockDoesWhatThePageSays() async throws {
        let page = try ObserversPage()
        try await page.follow()
        // The receiver gets each large order to Germany, signed, and no other one.
        let hooks = try page.file("hooks-1.log").split(separator: "\n")
        #expect(hooks.count == SampleNorthwind.largeGermanOrders, "\(hooks.prefix(5))")
        #expect(hooks.allSatisfy { $0.contains(" attempt 1 signed -> 200: order.insert ") }, "\(hooks.prefix(5))")

        let why = try page.output(ofBlockWith: "debug-event $event")
        for line in [
            #""type":"order.insert""#, "\nlarge-orders (active): acted\n", "\nlarge-orders would act on event ",
            "\nlarge-orders would not act: its condition does not hold\n", "\nstatus 2\n",
        ] { #expect(why.contains(line), "\(line) is not in \(why)") }
        #expect(try page.output(ofBlockWith: "abandoned").contains(#""type":"cart.custom""#))

        let retried = try page.output(ofBlockWith: "retry-all --dry-run")
        let dead = try #require(retried.firstMatch(of: /\n(\d+) dead letters, the oldest of 20/), "\(retried)")
        #expect(try #require(Int(dead.1)) > 0)
        #expect(retried.contains("  large-orders  http_503\n"), "\(retried)")
        let would = try #require(retried.firstMatch(of: /\nwould retry (\d+) dead letters; nothing was changed\n/))
        #expect(try #require(Int(would.1)) > 0)
        #expect(retried.contains(/\nretrying [1-9]\d*\n/), "\(retried)")
        let replayed = try page.output(ofBlockWith: "--from 300 --to 1000")
        #expect(replayed.hasPrefix("large-orders is paused\nlarge-orders is "), "\(replayed)")
        #expect(replayed.contains(/replay \d+ of large-orders has begun: positions 300 to \d+\n/), "\(replayed)")

        #expect(try page.output(ofBlockWith: "validate-config").contains("OK: 2 observers, 1 statements\n"))
        let counted = try page.output(ofBlockWith: "sqlite3 ")
        #expect(counted.hasSuffix("\n" + SampleNorthwind.ordersByCountry), "\(counted)")
        #expect(try page.output(ofBlockWith: "anna@example.com").contains("\nshipped (active): "))
        let mail = try page.file("terminal.log")
        for line in ["To: anna@example.com", "From: shop@example.com", "Subject: Your order 11076 is on its way"] {
            #expect(mail.contains(line), "\(mail)")
        }
        let found = try page.output(ofBlockWith: "shipped+berlin")
        #expect(found.contains(#""items":[{"id":""#) && found.contains("Berlin"), "\(found)")
    }
}
