import ChangeLog
import Core
import Telemetry
import TestKit
import Testing

@testable import Recommendations

/// What single tenants may have is read from a setting, and holds for them alone.
@Suite struct TenantLimitsTests {
    @Test func readsWhatTenantsMayHave() throws {
        let read = try TenantLimits("2:entities=1000, users=50; default:interactions=0").limits
        #expect(read == [Tenant(2): [.entities: 1_000, .users: 50], .first: [.interactions: 0]])
        #expect(try TenantLimits("1:users=1").limits == [.first: [.users: 1]])
    }

    @Test(
        arguments: [
            "2", "2:", "2:entities", "2:entities=", "2:entities=-1", "2:entities=x", "2:things=1", "x:entities=1",
            "0:entities=1", "2:entities=1,entities=2", "2:entities=1;2:users=1", "1:users=1;default:users=2",
            "2:entities=1;", ":entities=1", "2:entities=1=2",
        ])
    func refusesAnythingElse(_ text: String) {
        do {
            _ = try TenantLimits(text)
            Issue.record("\(text) was read")
        } catch {
            #expect(error.code == "tenant_limits_invalid" && error.message.contains(TenantLimits.forms))
        }
        let settings = try? SettingsRegistry(RecommendationsSettings.all)
            .values(from: [SettingsSource(name: "test", texts: ["recommendations.tenant_limits": text])])
        #expect(settings == nil)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func eachTenantHasItsOwn(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(
            engine,
            settings: [
                "recommendations.entity_limit": "2",
                "recommendations.tenant_limits": "2:entities=1;3:entities=0,users=1",
            ])
        /// How many of five new entities a tenant has room for.
        func room(_ number: Int64) -> Int {
            var room = world.role.quotas.room(of: Tenant(number), forRows: 5)
            return (0..<5).count { entity in
                do throws(Failure) {
                    try room.take(.product("p\(entity)"))
                    return true
                } catch {
                    return false
                }
            }
        }
        #expect([1, 2, 3, 4].map(room) == [2, 1, 5, 2])
        var third = world.role.quotas.room(of: Tenant(3), forRows: 5)
        try third.take(user: "ann")
        #expect(throws: Failure.self) { try third.take(user: "bob") }
        let refused = world.store.metrics.counter("recommendation_refusals_total", "", labels: ["limit"])
        #expect(refused.with("entities").value == 10 && refused.with("users").value == 1)
    }
}
