/// Writes JSON (RFC 8259) as UTF-8 bytes, member by member, with no value tree in between.
///
/// Commas are its own affair; balanced brackets follow from the closures:
///
///     var json = JSONWriter()
///     json.object {
///         $0.member("sku", "chai")
///         $0.member("quantity", 3)
///     }
public struct JSONWriter {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// A writer with room for a number of bytes before its first allocation.
    public init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    /// The bytes of one value.
    public static func bytes(of value: some JSONEncodable, capacity: Int = 512) -> [UInt8] {
        var writer = JSONWriter(capacity: capacity)
        value.write(to: &writer)
        return writer.bytes
    }

    /// Writes an object whose members the closure writes.
    @inline(__always)
    public mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try members(&self)
        close(UInt8(ascii: "}"))
    }

    /// Writes an array whose elements the closure writes.
    @inline(__always)
    public mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "["))
        try elements(&self)
        close(UInt8(ascii: "]"))
    }

    /// Writes an array of values.
    public mutating func array(_ values: some Sequence<some JSONEncodable>) {
        array { json in
            for value in values { json.value(value) }
        }
    }

    /// Writes a member's name; its value must follow. The name must need no escapes.
    public mutating func key(_ name: StaticString) {
        separate()
        appendQuoted(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), andColon: true)
        needsComma = false
    }

    /// Writes a member's name that is known only at run time; its value must follow.
    public mutating func key(named name: String) {
        value(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a value.
    @inline(__always)
    public mutating func value(_ value: some JSONEncodable) {
        value.write(to: &self)
    }

    /// Writes a member.
    @inline(__always)
    public mutating func member(_ name: StaticString, _ value: some JSONEncodable) {
        key(name)
        value.write(to: &self)
    }

    /// Writes a member whose value may be missing, as `null` then.
    @inline(__always)
    public mutating func member(_ name: StaticString, _ value: (some JSONEncodable)?) {
        key(name)
        if let value { value.write(to: &self) } else { null() }
    }

    /// Writes a member whose value is JSON already.
    public mutating func member(_ name: StaticString, raw json: some Collection<UInt8>) {
        key(name)
        raw(json)
    }

    /// Writes a member whose value is JSON already and may be missing, as `null` then.
    public mutating func member(_ name: StaticString, raw json: (some Collection<UInt8>)?) {
        key(name)
        if let json { raw(json) } else { null() }
    }

    /// Writes a member that is an object.
    @inline(__always)
    public mutating func member(_ name: StaticString, object members: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try object(members)
    }

    /// Writes a member that is an array of values.
    public mutating func member(_ name: StaticString, array values: some Sequence<some JSONEncodable>) {
        key(name)
        array(values)
    }

    /// Writes `null`.
    public mutating func null() {
        literal("null")
    }

    /// Writes bytes that are one JSON value already.
    public mutating func raw(_ json: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Writes JSON that the closure puts into memory, where so many values follow each other that each must cost no
    /// more than its bytes: one or more values with commas between them, of at most `capacity` bytes. The closure
    /// returns how many it has put there.
    public mutating func raw(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        separate()
        bytes.append(addingCapacity: capacity) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                let room = UnsafeMutableRawBufferPointer(buffer)[count..<count + capacity]
                count += fill(UnsafeMutableRawBufferPointer(rebasing: room))
            }
        }
        needsComma = true
    }

    /// Writes the members of an object that is JSON already, without white space around it.
    public mutating func members(ofRaw object: some BidirectionalCollection<UInt8>) {
        let members = object.dropFirst().dropLast()
        if !members.isEmpty { raw(members) }
    }

    /// Writes a word or number that needs neither quotes nor escapes.
    mutating func literal(_ text: StaticString) {
        separate()
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        needsComma = true
    }

    /// Writes a whole number.
    mutating func integer(_ value: Int64) {
        separate()
        needsComma = true
        guard value < 0 || value > 9 else {
            bytes.append(UInt8(ascii: "0") + UInt8(value))
            return
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value.magnitude
            var start = 20
            while rest > 0 {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            if value < 0 {
                start -= 1
                digits[start] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }

    /// Writes a string of at most `capacity` bytes that needs no escapes and that the closure makes.
    mutating func plain(capacity: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { buffer in
            let count = fill(buffer)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[..<count]))
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a string, escaping what RFC 8259 section 7 requires.
    mutating func string(_ text: String) {
        separate()
        needsComma = true
        var text = text
        text.withUTF8 { utf8 in
            guard utf8.contains(where: Self.needsEscape) else {
                appendQuoted(utf8, andColon: false)
                return
            }
            bytes.append(UInt8(ascii: "\""))
            var start = 0
            for index in 0..<utf8.count where Self.needsEscape(utf8[index]) {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
                escape(utf8[index])
                start = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// Writes a text that needs no escapes, with one look whether there is room for it.
    @inline(__always)
    private mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>, andColon: Bool) {
        bytes.append(addingCapacity: text.count + 3) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                buffer[count] = UInt8(ascii: "\"")
                _ = UnsafeMutableBufferPointer(rebasing: buffer[(count + 1)...]).update(fromContentsOf: text)
                count += text.count + 1
                buffer[count] = UInt8(ascii: "\"")
                count += 1
                if andColon {
                    buffer[count] = UInt8(ascii: ":")
                    count += 1
                }
            }
        }
    }

    @inline(__always)
    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            let hexadecimal: StaticString = "0123456789abcdef"
            bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
            bytes.append(hexadecimal.utf8Start[Int(byte >> 4)])
            bytes.append(hexadecimal.utf8Start[Int(byte & 0xF)])
        }
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}
