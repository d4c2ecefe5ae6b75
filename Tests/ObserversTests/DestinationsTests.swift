import Core
import Testing

@testable import Observers

/// How many deliveries are under way where they have to share something.
@Suite(.timeLimit(.minutes(5))) struct DestinationsTests {
    private let destinations = Destinations(connections: 16)

    @Test func nobodyWaitsLongForAConnection() {
        #expect(destinations.concurrency(of: .webhook, wanted: nil) == 32)
        #expect(destinations.concurrency(of: .webhook, wanted: 100) == 32)
        #expect(destinations.concurrency(of: .webhook, wanted: 3) == 3)
        // Mail is sent one message after the other.
        #expect(destinations.concurrency(of: .email, wanted: nil) == 2)
        #expect(destinations.concurrency(of: .log, wanted: nil) == 256)
    }

    @Test func whoFindsADestinationFullIsWokenOnceOneHasEnded() async {
        let key = Destinations.Key(tenant: .first, name: "a")
        let signal = Signal()
        func begin() -> DestinationState.Admission {
            destinations.begin(key, concurrency: 1, rate: nil, priority: 1, signal: signal)
        }
        #expect(begin() == .granted)
        #expect(begin() == .full)
        destinations.end(key, isWell: true)
        await signal.wait(atMost: .seconds(600))
        #expect(begin() == .granted)
    }

    /// The first in rank may have all that it may have: then the next one is woken, not nobody.
    @Test func whoMayBeginIsWoken() async {
        let key = Destinations.Key(tenant: .first, name: "a")
        let (narrow, wide) = (Signal(), Signal())
        func begin(_ concurrency: Int, _ signal: Signal) -> DestinationState.Admission {
            destinations.begin(key, concurrency: concurrency, rate: nil, priority: concurrency, signal: signal)
        }
        #expect(begin(2, wide) == .granted)
        #expect(begin(2, wide) == .granted)
        #expect(begin(1, narrow) == .full)
        #expect(begin(2, wide) == .full)
        destinations.end(key, isWell: true)
        await wide.wait(atMost: .seconds(600))
        #expect(begin(1, narrow) == .full)
        #expect(begin(2, wide) == .granted)
    }

    /// Nobody was asked about what turned out not to be wanted, so nobody is well because of it.
    @Test func anEventThatIsNotWantedTellsNothingOfItsDestination() {
        #expect(DeliveryOutcome.unwanted.destinationIsWell == nil)
        #expect(DeliveryOutcome.delivered.destinationIsWell == true)
    }
}
