import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct LocationTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aCodeIsUniqueAndAnUpdateKnowsItsVersion(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        let made = try await room.write { try $0.locations.create(LocationDraft(code: "EAST"), in: $1) }
        #expect(made.name == "EAST")
        #expect(made.priority == 100)
        let duplicate = await room.failure { try await room.makeLocation("EAST", priority: 1) }
        #expect(duplicate?.code == "duplicate_location")
        let patch = try JSONFields.read(try JSONParser.parse(Array(#"{"name":"East hall","priority":null}"#.utf8))) {
            LocationPatch(&$0)
        }
        let updated = try await room.write { try $0.locations.update(made.id, patch, expecting: 1, in: $1) }
        #expect(updated.name == "East hall")
        #expect(updated.priority == 100)
        #expect(updated.version == 2)
        #expect(try await room.read { try $0.locations.find(made.id, of: .first, in: $1) } == updated)
        let stale = await room.failure {
            try await room.write { try $0.locations.update(made.id, patch, expecting: 1, in: $1) }
        }
        #expect(stale?.code == "version_mismatch")
    }

    @Test func bodiesAreReadAndRefused() throws {
        func errors<T>(_ body: String, _ read: (inout JSONFields) -> T) -> [String] {
            do {
                _ = try JSONFields.read(try JSONParser.parse(Array(body.utf8)), read)
                return []
            } catch { return ((error as? Failure)?.errors ?? []).map(\.pointer) }
        }
        #expect(
            errors(#"{"code":"","priority":-1,"size":1}"#) { LocationDraft(&$0) } == ["/code", "/priority", "/size"])
        #expect(errors(#"{"sku":"a","quantity":1}"#) { ReservationDraft(&$0) } == [])
        #expect(errors(#"{"quantity":1}"#) { ReservationDraft(&$0) } == ["/sku"])
        #expect(errors(#"{"quantity":0,"sku":"b"}"#) { ReservationDraft(&$0, sku: "a") } == ["/quantity", "/sku"])
        #expect(
            errors(#"{"sku":"a","quantity":1.5,"expires_in":0}"#) { ReservationDraft(&$0) }
                == ["/quantity", "/expires_in"])
        #expect(errors(#"{"sku":"a","delta":0}"#) { StockAdjustment(&$0) } == ["/delta"])
        #expect(errors(#"{"sku":"a","quantity":1,"from":"X","to":"X"}"#) { StockTransfer(&$0) } == ["/to"])
    }
}
