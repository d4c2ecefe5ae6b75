import Foundation
import TestKit
import Testing

@testable import Core

@Suite struct JSONReaderTests {
    private func read<T>(_ text: String, _ body: (inout JSONReader) throws -> T) throws -> T {
        try Array(text.utf8).withUnsafeBufferPointer { try JSONReader.read($0, body) }
    }

    private func failure(_ text: String, _ body: (inout JSONReader) throws -> Void) -> Failure? {
        do {
            try read(text, body)
            return nil
        } catch { return error as? Failure }
    }

    @Test func aFormIsReadStepByStep() throws {
        var seen: [String] = []
        try read(#" { "a/b" : [ [1, 2.5] , [] ], "c": {"d": "x"}, "e": null } "#) { reader in
            try reader.object { name, reader in
                switch name {
                case "a/b":
                    try reader.array { reader in
                        seen.append("\(reader.pointer) \(try reader.floats(limit: 9))")
                    }
                case "c":
                    let (value, bytes) = try reader.valueAndBytes()
                    #expect(value == .object(JSONObject([.init("d", .string("x"))])))
                    seen.append(String(decoding: bytes, as: UTF8.self))
                default: try reader.expectNull()
                }
            }
        }
        #expect(seen == ["/a~1b/0 [1.0, 2.5]", "/a~1b/1 []", #"{"d": "x"}"#])
    }

    @Test func whatIsWrongIsToldWithItsPlace() {
        func points(_ reader: inout JSONReader) throws {
            try reader.object { _, reader in
                try reader.array { reader in try reader.object { _, reader in _ = try reader.floats(limit: 3) } }
            }
        }
        let wrong = [
            #"{"points":[{"v":[1]},{"v":[1,"x",2]}]}"#: "/points/1/v/1", #"{"points":[{"v":[1e39]}]}"#: "/points/0/v/0",
            #"{"points":[{"v":[1,2,3,4]}]}"#: "/points/0/v", #"{"points":[{"v":{}}]}"#: "/points/0/v",
            #"{"points":[7]}"#: "/points/0", #"{"points":{}}"#: "/points", "[]": "",
        ]
        for (text, pointer) in wrong {
            let failure = failure(text, points)
            #expect(failure?.errors.map(\.pointer) == [pointer], "\(text): \(String(describing: failure))")
        }
        let malformed = [
            #"{"a":[{"v":[1,]}]}"#, #"{"a":[{"v":[1}]}"#, #"{"a":[],"a":[]}"#, #"{"a":[]} x"#, "", "{",
            #"{"a":[{"v":[01]}]}"#,
        ]
        for text in malformed {
            #expect(failure(text, points)?.code == "malformed_json", "\(text)")
        }
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(failure(#"{"a":[{"v":\#(deep)}]}"#, points)?.code == "malformed_json")
    }

    @Test func numbersBecomeTheNearestFloats() throws {
        var random = SeededRandom.fresh()
        var texts = [
            "0", "-0", "0.0", "1", "-1.5", "3.4028235e38", "3.4028236e38", "1e38", "1.17549435e-38", "1e-45", "1e-60",
            "0.1", "16777217", "16777217.0000001", "9007199254740993", "12345678901234567890123", "1e22", "1e-22",
            "1e23",
            "0.000000000000000000000000000000000000000000001401298464324817", "1E+2", "1e-0", "100000000000000000000",
            "7.038531e-26", "0.00000000000000000000000007038531", "1.00000017881393432617187499",
            "1.00000017881393432617187500",
            "1.00000017881393432617187501",
        ]
        for _ in 0..<20_000 {
            let bits = UInt32.random(in: 0..<0x7F80_0000, using: &random)
            let float = Float(bitPattern: bits)
            texts.append(String(describing: Double(float)))
            // The middle between two neighbours, where each digit counts.
            texts.append(String(describing: (Double(float) + Double(float.nextUp)) / 2))
            texts.append(String(Double.random(in: -2...2, using: &random)))
        }
        for text in texts where !text.contains("inf") {
            let value = Array(text.utf8).withUnsafeBufferPointer { FloatText.value($0) }
            #expect(value.bitPattern == strtof(text, nil).bitPattern, "\(text)")
        }
    }
}
