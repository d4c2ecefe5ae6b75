public import Core

extension Template {
    /// The value of the field that a template consists of, for whoever wants a number as a number; nil for a template
    /// with anything beside one path, and for a field that is missing.
    ///
    /// - throws: ``Core/Failure`` `template_failed`.
    public func value(in event: EventDocument) throws(Failure) -> JSONValue? {
        guard parts.count == 1, case .placeholder(let placeholder) = parts[0], placeholder.filters.isEmpty,
            let root = program.roots.first
        else { return nil }
        var machine = ConditionMachine(program)
        machine.load(event, now: event.time)
        do {
            let value = try machine.value(root)
            return value.isMissing ? nil : machine.json(value)
        } catch {
            throw Failure(.invalid, code: "template_failed", "The template \(text) has no value for this event.")
        }
    }
}
