import ChangeLog
import Commerce
import Core
import Logging
import Storage
import TestKit
import Testing

/// Random histories of stock against a model of a few lines.
@Suite struct InventoryHistoryTests {
    /// The seeds: each is printed with what it shows, and repeats its history exactly.
    static let seeds: [UInt64] = [1, 2, 20_261_121, .random(in: 0 ... .max)]

    @Test(arguments: TestStore.Engine.allCases, seeds)
    func theBooksBalanceAndAgreeWithTheModel(_ engine: TestStore.Engine, _ seed: UInt64) async throws {
        let room = try await StockRoom(engine)
        var random = SplitMix64(seed: seed)
        var model = StockModel()
        for (code, priority) in StockModel.priorities { try await room.makeLocation(code, priority: priority) }
        let sweeper = ReservationSweeper(
            room.inventory, log: room.store.log, metrics: room.store.metrics, logger: Logger(label: "test"))
        for step in 0..<400 {
            let action = StockAction.random(reservations: model.reservations.count, using: &random)
            let note: Comment = "seed \(seed), step \(step): \(action)"
            let expected = model.apply(action)
            let actual: String
            if case .advance(let seconds) = action {
                room.store.time.advance(bySeconds: seconds)
                try await sweeper.sweep()
                actual = "ok"
            } else {
                let ids = model.identifiers
                let outcome = await room.failure {
                    let made = try await room.write { try action.perform($0, on: ids, in: $1) }
                    if let made { model.identifiers.append(made) }
                    return 0
                }
                actual = outcome?.code ?? "ok"
            }
            #expect(actual == expected, note)
            guard actual == expected else { return }
            if step % 20 == 0 || step == 399 { try await agree(room, model, note) }
        }
    }

    private func agree(_ room: StockRoom, _ model: StockModel, _ note: Comment) async throws {
        try await room.expectBooksToBalance(note)
        let balances = try await room.read {
            try $0.list(BalanceFilter(), PageRequest(limit: 100), of: .first, in: $1)
        }.items
        let actual = Dictionary(
            uniqueKeysWithValues: balances.map { ("\($0.sku) \($0.location)", [$0.onHand, $0.reserved]) })
        #expect(actual == model.expectedBalances, note)
    }
}

/// A step of a history.
enum StockAction: CustomStringConvertible {
    case receive(String, String, Int64)
    case adjust(String, String, Int64)
    case count(String, String, Int64)
    case transfer(String, String, String, Int64)
    case reserve(String, String?, Int64, expiresIn: Int64?)
    case release(Int)
    case commit(Int)
    case advance(Int64)

    static func random(reservations: Int, using random: inout SplitMix64) -> StockAction {
        let sku = ["chai", "mint", "sage"].randomElement(using: &random) ?? ""
        let codes = StockModel.priorities.map(\.0).shuffled(using: &random)
        let quantity = Int64.random(in: 1...20, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<3: return .receive(sku, codes[0], quantity)
        case 3..<6:
            let delta = Int64.random(in: -20...20, using: &random)
            return .adjust(sku, codes[0], delta == 0 ? 1 : delta)
        case 6: return .count(sku, codes[0], quantity * 2)
        case 7..<10: return .transfer(sku, codes[0], codes[1], quantity)
        case 10..<15:
            let expiresIn = Bool.random(using: &random) ? Int64.random(in: 1...50, using: &random) : nil
            return .reserve(sku, Bool.random(using: &random) ? codes[0] : nil, quantity, expiresIn: expiresIn)
        case 15..<17 where reservations > 0: return .release(Int.random(in: 0..<reservations, using: &random))
        case 17..<19 where reservations > 0: return .commit(Int.random(in: 0..<reservations, using: &random))
        default: return .advance(Int64.random(in: 0...20, using: &random))
        }
    }

    /// Does the step. Returns the reservation that it made.
    func perform(_ inventory: Inventory, on ids: [Identifier], in unit: UnitOfWork) throws -> Identifier? {
        switch self {
        case .receive(let sku, let code, let quantity):
            _ = try inventory.receive(StockMovement(sku: sku, quantity: quantity, location: code), in: unit)
        case .adjust(let sku, let code, let delta):
            _ = try inventory.adjust(StockAdjustment(sku: sku, delta: delta, location: code), in: unit)
        case .count(let sku, let code, let quantity):
            _ = try inventory.count(StockMovement(sku: sku, quantity: quantity, location: code), in: unit)
        case .transfer(let sku, let from, let to, let quantity):
            _ = try inventory.transfer(StockTransfer(sku: sku, quantity: quantity, from: from, to: to), in: unit)
        case .reserve(let sku, let code, let quantity, let expiresIn):
            let request = ReservationRequest(sku: sku, quantity: quantity, location: code, expiresIn: expiresIn)
            return try inventory.reserve(request, in: unit).id
        case .release(let index): _ = try inventory.release(ids[index], in: unit)
        case .commit(let index): _ = try inventory.commit(ids[index], in: unit)
        case .advance: break
        }
        return nil
    }

    var description: String {
        switch self {
        case .receive(let sku, let code, let quantity): "receive \(quantity) \(sku) at \(code)"
        case .adjust(let sku, let code, let delta): "adjust \(sku) at \(code) by \(delta)"
        case .count(let sku, let code, let quantity): "count \(quantity) \(sku) at \(code)"
        case .transfer(let sku, let from, let to, let quantity): "transfer \(quantity) \(sku) from \(from) to \(to)"
        case .reserve(let sku, let code, let quantity, _): "reserve \(quantity) \(sku) at \(code ?? "any")"
        case .release(let index): "release \(index)"
        case .commit(let index): "commit \(index)"
        case .advance(let seconds): "advance \(seconds) s"
        }
    }
}
