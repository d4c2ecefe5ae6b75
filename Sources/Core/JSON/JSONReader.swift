/// Reads a JSON text step by step into what it is for, without a tree in between.
///
/// For large bodies of a known form, such as batches of vectors: a tree of a million numbers costs more than everything
/// that is done with them. Unlike ``JSONFields`` it ends at the first error.
///
///     let vectors = try JSONReader.read(bytes) { reader in
///         var vectors: [[Float]] = []
///         try reader.array { vectors.append(try $0.floats(limit: 65_536)) }
///         return vectors
///     }
public struct JSONReader {
    /// What kind of value comes next.
    public enum Kind: Sendable {
        case object, array, string, number, bool, null
    }

    private var parser: JSONParser
    /// The members and elements that lead to the value that is read, for the pointers of failures.
    private var path: [Step] = []

    private enum Step {
        case member(String)
        case element(Int)
    }

    private init(_ parser: JSONParser) { self.parser = parser }

    /// Reads one value and nothing after it.
    ///
    /// - throws: ``Failure`` `malformed_json` with line and column; what the closure throws.
    public static func read<T>(
        _ bytes: UnsafeBufferPointer<UInt8>, _ body: (inout JSONReader) throws -> T
    ) throws -> T {
        try JSONParser.parse(bytes) { parser in
            var reader = JSONReader(parser)
            let value = try body(&reader)
            parser = reader.parser
            return value
        }
    }

    /// What kind of value comes next.
    ///
    /// - throws: ``Failure`` `malformed_json` when there is none.
    public func kind() throws -> Kind {
        guard let byte = parser.peek() else { throw parser.failure("the text ends where a value is expected") }
        switch byte {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw parser.failure("a value is expected")
        }
    }

    /// Whether an array that begins with a number comes next.
    public func isNumbers() throws -> Bool {
        guard try kind() == .array else { return false }
        var parser = parser
        parser.position += 1
        parser.skipSpace()
        return Self.beginsNumber(parser.peek())
    }

    /// Reads an object. The closure reads the value of each member.
    ///
    /// - throws: ``Failure`` `invalid_request` when it is something else.
    public mutating func object(_ member: (String, inout JSONReader) throws -> Void) throws {
        try expect(.object, "An object")
        try enter { parser, reader in
            try parser.members { name, parser in
                try reader.step(.member(name), &parser) { try member(name, &$0) }
            }
        }
    }

    /// Reads an array. The closure reads each element.
    ///
    /// - throws: ``Failure`` `invalid_request` when it is something else.
    public mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
        try expect(.array, "An array")
        try enter { parser, reader in
            var index = 0
            try parser.elements { parser in
                try reader.step(.element(index), &parser, element)
                index += 1
            }
        }
    }

    /// Reads an array of numbers, each as the nearest `Float`.
    ///
    /// - parameter limit: how many there may be.
    /// - throws: ``Failure`` `invalid_request` when it is something else, has a number that is too large for a `Float`,
    ///   or more than so many.
    public mutating func floats(limit: Int) throws -> [Float] {
        try expect(.array, "An array of numbers")
        var floats: [Float] = []
        floats.reserveCapacity(min(limit, (parser.rest.count - parser.position) / 8))
        var wrong: Int?
        try enter { parser, reader in
            try parser.elements { parser in
                guard floats.count < limit else { throw reader.failure("At most \(limit) numbers are expected.") }
                if JSONReader.beginsNumber(parser.peek()) {
                    let number = FloatText.value(UnsafeBufferPointer(rebasing: parser.rest[try parser.numberBytes()]))
                    if !number.isFinite, wrong == nil { wrong = floats.count }
                    floats.append(number)
                } else {
                    wrong = wrong ?? floats.count
                    _ = try parser.value()
                    floats.append(0)
                }
            }
        }
        if let wrong { throw failure("A finite number is expected.", at: .element(wrong)) }
        return floats
    }

    /// Reads any value as a tree.
    public mutating func value() throws -> JSONValue { try parser.value() }

    /// Reads any value as a tree and as the bytes that it was written with.
    public mutating func valueAndBytes() throws -> (value: JSONValue, bytes: [UInt8]) {
        let start = parser.position
        let value = try parser.value()
        return (value, Array(parser.rest[start..<parser.position]))
    }

    /// Reads an array, each of whose elements the closure makes something of.
    ///
    /// - parameter limit: how many elements there may be.
    public mutating func list<T>(limit: Int, _ element: (inout JSONReader) throws -> T) throws -> [T] {
        var values: [T] = []
        try array { reader in
            guard values.count < limit else { throw reader.failure("At most \(limit) elements are expected.") }
            values.append(try element(&reader))
        }
        return values
    }

    /// Reads any value and takes no notice of it.
    public mutating func skip<T>() throws -> T? {
        _ = try value()
        return nil
    }

    /// Reads null.
    ///
    /// - throws: ``Failure`` `invalid_request` when it is something else.
    public mutating func expectNull() throws {
        guard try value() == .null else { throw failure("Nothing but null is expected here.") }
    }

    /// Where the value that is read stands, as a JSON pointer (RFC 6901).
    public var pointer: String { Self.pointer(path) }

    /// What is wrong with the value that is read or was read last.
    public func failure(_ message: String) -> Failure { failure(message, at: nil) }

    /// What is wrong with a member of the object that is read.
    public func failure(_ message: String, member: String) -> Failure { failure(message, at: .member(member)) }

    @inline(__always)
    private static func beginsNumber(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private func failure(_ message: String, at last: Step?) -> Failure {
        Failure.invalid(at: Self.pointer(path + (last.map { [$0] } ?? [])), message)
    }

    private static func pointer(_ path: [Step]) -> String {
        var pointer = ""
        for step in path {
            switch step {
            case .member(let name):
                pointer += "/"
                let isPlain = name.utf8.allSatisfy { $0 != UInt8(ascii: "~") && $0 != UInt8(ascii: "/") }
                pointer += isPlain ? name : name.replacing("~", with: "~0").replacing("/", with: "~1")
            case .element(let index):
                pointer += "/"
                pointer += String(index)
            }
        }
        return pointer
    }

    private func expect(_ wanted: Kind, _ name: String) throws {
        guard try kind() == wanted else { throw failure("\(name) is expected.") }
    }

    /// Lets a closure go on with the parser, which stands in this reader again afterwards.
    private mutating func enter(_ body: (inout JSONParser, inout JSONReader) throws -> Void) throws {
        var parser = parser
        try body(&parser, &self)
        self.parser = parser
    }

    /// Reads one value at a step further down.
    private mutating func step(
        _ step: Step, _ parser: inout JSONParser, _ body: (inout JSONReader) throws -> Void
    ) throws {
        path.append(step)
        self.parser = parser
        try body(&self)
        parser = self.parser
        path.removeLast()
    }
}
