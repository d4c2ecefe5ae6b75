public import Core

/// A text with placeholders, which are filled in from an event.
///
/// A placeholder is a path as in conditions and the filters that its value goes through: `{{ name | upper }}`,
/// `{{ new.total_amount | money('EUR') }}`, `{{ event.time | date('%d.%m.%Y') }}`. A text in quotes stands for itself,
/// so `{{ '{{' }}` writes two braces. Values are escaped for where the text goes, and what they hold is never read as a
/// placeholder. Filters are `default`, `upper`, `lower`, `trim`, `truncate`, `json`, `date`, `money`, `url`, `html`,
/// `base64`, `length`, `join` and `replace`.
public struct Template: Sendable {
    /// The text that it was read from.
    public let text: String
    /// Where its text goes.
    public let escaping: TemplateEscaping
    /// The paths of the fields that it reads, in a sorted list.
    public let fields: [String]
    let source: SourceText
    let parts: [TemplatePart]
    let program: Program

    /// Whether it has no placeholders, so that its text is the same for every event.
    public var isLiteral: Bool {
        parts.allSatisfy { part in
            if case .text = part { true } else { false }
        }
    }

    /// Reads a template of at most 64 KiB, 256 placeholders, and 16 filters of each.
    ///
    /// - parameter escaping: where its text goes. A template of JSON must be JSON with any values in it.
    /// - throws: ``Core/Failure`` of kind `invalid`, code `invalid_template`, with the place as ``Condition`` has it.
    public init(parsing text: String, escaping: TemplateEscaping) throws(Failure) {
        self.text = text
        self.escaping = escaping
        source = SourceText(text, subject: "template")
        parts = try TemplateParser.parse(source)
        if escaping == .json { try JSONTemplateCheck(source: source, parts: parts).check() }
        let paths = parts.compactMap(\.path)
        fields = Set(paths.map(\.name).filter { !$0.isEmpty }).sorted()
        program = Program(paths.map { (Expression(.field($0), at: 0..<0), 0) })
    }

    /// The template of nothing, which stands in for one that is wrong while further mistakes are looked for.
    public static let empty = Template()

    private init() {
        text = ""
        escaping = .none
        source = SourceText("", subject: "template")
        parts = []
        fields = []
        program = Program([])
    }

    /// The text with the values of an event.
    ///
    /// - throws: ``Core/Failure`` of kind `invalid`, code `template_failed`: a field is missing and has no `default`, a
    ///   filter does not take its value, or the text is longer than 1 MiB.
    public func render(_ event: EventDocument) throws(Failure) -> String {
        var machine = ConditionMachine(program)
        machine.load(event, now: event.time)
        var result = ""
        var root = 0
        for part in parts {
            switch part {
            case .text(let range):
                result += source[range]
            case .placeholder(let placeholder):
                var value: JSONValue?
                switch placeholder.content {
                case .text(let text): value = .string(text)
                case .field:
                    value = try self.value(of: program.roots[root], placeholder, &machine)
                    root += 1
                }
                result += try text(of: placeholder, value)
            }
            guard result.utf8.count <= TemplateLimits.renderedBytes else {
                throw Failure(
                    .invalid, code: "template_failed",
                    "The template makes a text of more than \(TemplateLimits.renderedBytes) bytes; truncate its values."
                )
            }
        }
        return result
    }

    /// The value of a field, nil when it is missing.
    private func value(
        of instruction: Int, _ placeholder: TemplatePart.Placeholder, _ machine: inout ConditionMachine
    ) throws(Failure) -> JSONValue? {
        do {
            let value = try machine.value(instruction)
            return value.isMissing ? nil : machine.json(value)
        } catch {
            let reason = ConditionFailure(error.reason, at: placeholder.place, in: source)
            throw failure(placeholder, reason.reason)
        }
    }

    /// What is put in place of a placeholder.
    private func text(
        of placeholder: TemplatePart.Placeholder, _ value: JSONValue?
    ) throws(Failure) -> String {
        var value = value
        for filter in placeholder.filters {
            do {
                value = try filter.apply(to: value)
            } catch {
                throw failure(placeholder, error.reason)
            }
        }
        guard let value else {
            throw failure(placeholder, "the event has no such field; `| default('…')` says what stands in for it")
        }
        return isEscaped(by: placeholder.filters.last) ? value.templateText : escaping.escape(value.templateText)
    }

    /// Whether a filter made a text that is already as it must be where the text goes.
    private func isEscaped(by filter: TemplateFilter?) -> Bool {
        switch (escaping, filter) {
        case (.json, .json?), (.html, .html?), (.url, .url?): true
        default: false
        }
    }

    private func failure(_ placeholder: TemplatePart.Placeholder, _ reason: String) -> Failure {
        let (line, column) = source.place(of: placeholder.place.lowerBound)
        return Failure(
            .invalid, code: "template_failed",
            "The template has no text: line \(line), column \(column): \(source[placeholder.place]): \(reason).",
            details: [.init("line", .integer(line)), .init("column", .integer(column))])
    }
}

extension TemplatePart {
    /// The field that it reads, if any.
    fileprivate var path: FieldPath? {
        guard case .placeholder(let placeholder) = self, case .field(let path) = placeholder.content else { return nil }
        return path
    }
}
