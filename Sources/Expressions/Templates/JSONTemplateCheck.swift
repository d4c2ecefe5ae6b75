import Core

/// Checks, when a template of a JSON document is saved, that it will be one with values in it.
struct JSONTemplateCheck {
    let source: SourceText
    let parts: [TemplatePart]

    /// - throws: ``Core/Failure`` of code `invalid_template`.
    func check() throws(Failure) {
        // Each placeholder is replaced by something of its own length, so that places stay what they are.
        var bytes: [UInt8] = []
        var isInString = false
        for part in parts {
            switch part {
            case .text(let range):
                bytes += source.bytes[range]
                isInString = endsInString(range, isInString)
            case .placeholder(let placeholder):
                try check(placeholder, isInString)
                let filling = isInString ? UInt8(ascii: "x") : UInt8(ascii: "0")
                bytes += [isInString ? filling : UInt8(ascii: "1")]
                bytes += [UInt8](repeating: filling, count: placeholder.place.count - 1)
            }
        }
        do {
            _ = try JSONParser.parse(bytes)
        } catch {
            throw failure(error)
        }
    }

    private func check(_ placeholder: TemplatePart.Placeholder, _ isInString: Bool) throws(Failure) {
        let isWhole = placeholder.filters.last == .json
        if isInString, isWhole {
            throw source.failure(
                at: placeholder.place.lowerBound,
                "within quotes a value is escaped anyway: leave out `| json`, or leave out the quotes")
        }
        if !isInString, !isWhole {
            throw source.failure(
                at: placeholder.place.lowerBound, "outside of quotes a whole value is needed: end with `| json`")
        }
    }

    /// Whether a string of JSON is open after a text.
    private func endsInString(_ range: Range<Int>, _ isInString: Bool) -> Bool {
        var isInString = isInString
        var isEscaped = false
        for byte in source.bytes[range] {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isInString
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            }
        }
        return isInString
    }

    /// The failure of the parser, with the place that its message names: "…: line 2, column 5: why."
    private func failure(_ error: any Error) -> Failure {
        let message = (error as? Failure)?.message ?? "\(error)"
        let parts = message.split(separator: ": ", maxSplits: 2)
        let numbers = message.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard parts.count == 3, numbers.count == 2 else {
            return source.failure(at: 0, "with values in it this is not valid JSON: \(message)")
        }
        var offset = 0
        for _ in 1..<numbers[0] {
            offset = source.bytes[offset...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? offset
        }
        let reason = parts[2].hasSuffix(".") ? parts[2].dropLast() : parts[2]
        return source.failure(at: offset + numbers[1] - 1, "with values in it this is not valid JSON: \(reason)")
    }
}
