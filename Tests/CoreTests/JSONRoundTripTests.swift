import Core
import TestKit
import Testing

@Suite struct JSONRoundTripTests {
    @Test func randomTreesReadBackAsTheyWereWritten() throws {
        var random = SeededRandom.fresh()
        for _ in 0..<2_000 {
            let tree = tree(depth: .random(in: 0...8, using: &random), &random)
            let bytes = JSONWriter.bytes(of: tree)
            let read = try JSONParser.parse(bytes)
            #expect(read == tree, "\(random)")
            #expect(JSONWriter.bytes(of: read) == bytes, "\(random)")
        }
    }

    @Test func damagedTextsAreReadOrRefusedAndNeverWorse() throws {
        var random = SeededRandom.fresh()
        var refused = 0
        for _ in 0..<5_000 {
            var bytes = JSONWriter.bytes(of: tree(depth: 4, &random))
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[index] = .random(in: .min ... .max, using: &random)
                case 1: bytes.insert(.random(in: .min ... .max, using: &random), at: index)
                default: bytes = bytes.count > 1 ? Array(bytes[..<index]) + bytes[index...].dropFirst() : bytes
                }
            }
            do {
                let value = try JSONParser.parse(bytes)
                #expect(try JSONParser.parse(JSONWriter.bytes(of: value)) == value, "\(random)")
            } catch {
                #expect((error as? Failure)?.code == "malformed_json", "\(error), \(random)")
                refused += 1
            }
        }
        #expect(refused > 1_000, "\(random)")
    }

    private func tree(depth: Int, _ random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: 0...(depth > 0 ? 9 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 3: return .number(number(&random))
        case 4, 5: return .string(string(&random))
        case 6, 7:
            return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in tree(depth: depth - 1, &random) })
        default:
            let members = (0..<Int.random(in: 0...20, using: &random)).map { index in
                JSONObject.Member("\(index):\(string(&random))", tree(depth: depth / 2 - 1, &random))
            }
            return .object(JSONObject(members))
        }
    }

    private func number(_ random: inout SeededRandom) -> String {
        let whole = String(Int.random(in: -1_000_000...1_000_000, using: &random))
        let fraction = Bool.random(using: &random) ? ".\(Int.random(in: 0...999, using: &random))" : ""
        let exponent = Bool.random(using: &random) ? "E-\(Int.random(in: 0...40, using: &random))" : ""
        return whole + fraction + exponent
    }

    private func string(_ random: inout SeededRandom) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let limits: [UInt32] = [0x20, 0x80, 0x800, 0x1_0000, 0x11_0000]
            let limit = limits.randomElement(using: &random) ?? 0x80
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) { text.append(scalar) }
        }
        return String(text)
    }
}
