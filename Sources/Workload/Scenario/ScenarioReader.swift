public import Core
import Expressions

/// Reads a scenario as files say it (docs/tuning.md).
public struct ScenarioReader {
    /// Rows of a file that requests are made of.
    public typealias Table = (columns: [String], rows: [[String]])

    /// A variable of the environment; nil when it is not set.
    private let variable: (String) -> String?
    /// The rows of a file that the scenario names.
    private let table: (String) throws -> Table

    /// A reader that looks up variables and files of data with closures.
    public init(variable: @escaping (String) -> String?, table: @escaping (String) throws -> Table) {
        self.variable = variable
        self.table = table
    }

    /// The scenario of a document.
    ///
    /// - throws: ``Failure`` `invalid_request` with each wrong place, or `invalid_scenario`.
    public func read(_ document: JSONValue) throws -> Scenario {
        let document = try expand(document)
        var data: [DataSet] = []
        let scenario = try JSONFields.read(document) { fields in
            let name = fields.optionalString("name", length: 1...200) ?? "scenario"
            let server = fields.optionalString("server", length: 1...2_000) ?? "http://127.0.0.1:8080"
            data = try fields.optionalTree("data")?.members.map { try dataSet($0) } ?? []
            let shared = fields.optionalTree("headers") ?? JSONObject()
            let load = try fields.optionalObject("load", readLoad) ?? LoadProfile(of: 100, for: .seconds(10))
            let names = data
            var flows = try fields.optionalObjects("flows", count: 1...100) { flow in
                try readFlow(&flow, shared, names)
            }
            if let request = fields.optionalTree("request") {
                let step = try readSteps([.object(request)], shared, names)
                flows = (flows ?? []) + [Flow(name: name, weight: 1, steps: step.steps, savedCount: step.saved)]
            }
            let setup = try fields.optionalObject("setup") { try readSetup(&$0, shared, names) }
            let thresholds = fields.optionalStrings("thresholds", count: 0...100, length: 1...200) ?? []
            return Scenario(
                name: name, server: server, load: load, flows: flows ?? [], data: data,
                thresholds: try thresholds.map { try Threshold($0) }, setup: setup)
        }
        guard !scenario.flows.isEmpty else {
            throw Failure.invalidScenario("There is nothing to do: give a request, or flows with steps.")
        }
        for threshold in scenario.thresholds {
            guard let request = threshold.request, !scenario.requestNames.contains(request) else { continue }
            throw Failure.invalidScenario("The threshold \"\(threshold.text)\" names no request of the scenario.")
        }
        return scenario
    }

    // MARK: Data

    private func dataSet(_ member: JSONObject.Member) throws -> DataSet {
        try JSONFields.read(member.value, at: "/data/\(member.name)") { fields in
            let order = fields.optionalChoice("order", DataSet.Order.self) ?? .random
            var found: Table?
            if let file = fields.optionalString("file", length: 1...4_000) { found = try table(file) }
            if let range = fields.optionalObject("numbers", Self.numbers) { found = range }
            if let rows = fields.optionalValues("rows", count: 1...DataSet.rowLimit) {
                found = try Self.rows(rows, of: member.name)
            }
            guard let found, !found.rows.isEmpty, found.rows.count <= DataSet.rowLimit else {
                throw Failure.invalidScenario(
                    "The data \(member.name) is a file, rows, or numbers from and to, of at most \(DataSet.rowLimit).")
            }
            return DataSet(name: member.name, order: order, columns: found.columns, rows: found.rows)
        }
    }

    private static func numbers(_ fields: inout JSONFields) -> Table {
        let first = fields.integer("from", in: 0...1_000_000_000)
        let last = fields.integer("to", in: 0...1_000_000_000)
        guard first <= last, last - first < DataSet.rowLimit else { return (["number"], []) }
        return (["number"], (first...last).map { ["\($0)"] })
    }

    private static func rows(_ values: [JSONValue], of name: String) throws -> Table {
        guard case .object(let first) = values.first else {
            throw Failure.invalidScenario("Each of the rows of \(name) is an object.")
        }
        let columns = first.members.map(\.name)
        return (
            columns,
            values.map { value in
                columns.map { column in
                    guard case .object(let row) = value, let cell = row[column] else { return "" }
                    return cell.plainText
                }
            }
        )
    }

    // MARK: Load

    private func readLoad(_ fields: inout JSONFields) throws -> LoadProfile {
        let mode = fields.optionalChoice("mode", LoadProfile.Mode.self) ?? .open
        let unit = mode == .open ? "rate" : "clients"
        var load = LoadProfile(mode, from: 0, through: [])
        load.arrivals = fields.optionalChoice("arrivals", LoadProfile.Arrivals.self) ?? .constant
        load.connections = Int(fields.optionalInteger("connections", in: 1...100_000) ?? 64)
        load.warmUp = try duration("warm_up", &fields) ?? .zero
        load.timeout = try duration("timeout", &fields) ?? .seconds(30)
        load.iterations = fields.optionalInteger("iterations", in: 1...1_000_000_000).map(Int.init)
        load.seed = UInt64(fields.optionalInteger("seed", in: 0...Int64.max) ?? 1)
        let constant = try number(unit, &fields)
        let length = try duration("duration", &fields)
        load.start = try number("start", &fields) ?? constant ?? 0
        load.stages =
            try fields.optionalObjects("stages", count: 1...1_000) { stage in
                guard let target = try number("target", &stage), let duration = try duration("duration", &stage) else {
                    throw Failure.invalidScenario("A stage has a duration and a target.")
                }
                return LoadProfile.Stage(duration: duration, target: target)
            } ?? []
        if load.stages.isEmpty {
            let standIn = load.iterations == nil ? Duration.seconds(10) : .seconds(3_600)
            load.stages = [.init(duration: length ?? standIn, target: constant ?? (mode == .open ? 100 : 10))]
            if constant == nil { load.start = load.stages[0].target }
        } else if constant != nil || length != nil {
            throw Failure.invalidScenario("A load has stages, or a \(unit) and a duration.")
        }
        guard load.iterations == nil || mode == .closed else {
            throw Failure.invalidScenario("Iterations are counted in a closed loop: set mode to closed, and clients.")
        }
        return load
    }

    private func duration(_ name: String, _ fields: inout JSONFields) throws -> Duration? {
        guard let text = fields.optionalString(name, length: 1...50) else { return nil }
        guard let duration = DurationText.parse(text) else {
            throw Failure.invalidScenario("\(name) is a time such as 500ms, 30s or 2m, not \(text).")
        }
        return duration
    }

    private func number(_ name: String, _ fields: inout JSONFields) throws -> Double? {
        guard let value = fields.value(name), value != .null else { return nil }
        guard case .number(let text) = value, let number = Double(text), (0...10_000_000).contains(number) else {
            throw Failure.invalidScenario("\(name) is a number from 0 to 10,000,000.")
        }
        return number
    }

    // MARK: Requests

    private func readFlow(_ fields: inout JSONFields, _ shared: JSONObject, _ data: [DataSet]) throws -> Flow {
        let name = fields.optionalString("name", length: 1...200)
        let weight = try number("weight", &fields) ?? 1
        let steps = try readSteps(fields.optionalValues("steps", count: 1...1_000) ?? [], shared, data)
        guard weight > 0, !steps.steps.isEmpty else {
            throw Failure.invalidScenario("A flow has a weight greater than 0, and steps.")
        }
        return Flow(name: name ?? steps.name, weight: weight, steps: steps.steps, savedCount: steps.saved)
    }

    private func readSetup(
        _ fields: inout JSONFields, _ shared: JSONObject, _ data: [DataSet]
    ) throws -> Scenario.Setup {
        let times = Int(fields.optionalInteger("times", in: 1...1_000_000) ?? 1)
        let clients = Int(fields.optionalInteger("clients", in: 1...1_000) ?? 1)
        return Scenario.Setup(flow: try readFlow(&fields, shared, data), times: times, clients: clients)
    }

    private func readSteps(
        _ values: [JSONValue], _ shared: JSONObject, _ data: [DataSet]
    ) throws -> (steps: [Flow.Step], saved: Int, name: String) {
        var names = TemplateNames(data: data)
        let steps = try values.map { value in
            try JSONFields.read(value) { fields in
                if let pause = try duration("pause", &fields) { return Flow.Step.pause(pause) }
                return .request(try readRequest(&fields, shared, &names))
            }
        }
        let requests = steps.compactMap { if case .request(let request) = $0 { request.name } else { nil } }
        return (steps, names.saved.count, requests.first ?? "flow")
    }

    private func readRequest(
        _ fields: inout JSONFields, _ shared: JSONObject, _ names: inout TemplateNames
    ) throws -> RequestTemplate {
        let method = fields.optionalString("method", length: 1...20) ?? "GET"
        let path = fields.optionalString("path", length: 1...8_000) ?? "/"
        let name = fields.optionalString("name", length: 1...200) ?? "\(method) \(path)"
        guard path.first == "/", path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) || path.contains("{{") else {
            throw Failure.invalidScenario("The path \(path) begins with / and has no spaces.")
        }
        let own = fields.optionalTree("headers") ?? JSONObject()
        var headers = shared.members.filter { own[$0.name] == nil } + own.members
        let body: Template?
        switch fields.value("body") {
        case nil, .null?: body = nil
        case .string(let text)?: body = try Template(text, .none, names: names)
        case let value?:
            body = try Template(value.compactText, .json, names: names)
        }
        if body != nil, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            headers.append(.init("Content-Type", .string("application/json")))
        }
        let checks = try fields.optionalTree("check").map(readChecks) ?? []
        let saved = fields.optionalTree("save")?.members ?? []
        return RequestTemplate(
            name: name, method: method, path: try Template(path, .url, names: names),
            headers: try headers.map { try header($0, names) }, body: body, checks: checks,
            savings: saved.map { .init(pointer: $0.value.plainText, index: names.save($0.name)) })
    }

    private func header(
        _ member: JSONObject.Member, _ names: TemplateNames
    ) throws -> (name: String, value: Template) {
        let text = member.value.plainText
        let isName = member.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
        guard isName, !member.name.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw Failure.invalidScenario("The header \(member.name) has a character that no header has.")
        }
        guard !["host", "content-length", "transfer-encoding", "connection"].contains(member.name.lowercased()) else {
            throw Failure.invalidScenario("The header \(member.name) is written by the load generator itself.")
        }
        return (member.name, try Template(text, .none, names: names))
    }

    private func readChecks(_ tree: JSONObject) throws -> [Check] {
        try tree.members.flatMap { member throws -> [Check] in
            switch (member.name, member.value) {
            case ("status", .array(let statuses)): return [.status(Set(statuses.compactMap { Int($0.plainText) }))]
            case ("status", .number(let text)): return [.status(Set([Int(text)].compactMap(\.self)))]
            case ("contains", .string(let text)): return [.contains(text)]
            case ("within", .string(let text)):
                guard let duration = DurationText.parse(text) else { break }
                return [.within(duration)]
            case ("json", .object(let values)):
                return values.members.map { .json(pointer: $0.name, value: $0.value) }
            default: break
            }
            throw Failure.invalidScenario(
                "The check \(member.name) is none. There is status with a number or several, contains with a text, "
                    + "within with a time, and json with pointers and their values.")
        }
    }

    // MARK: Variables

    /// Puts variables of the environment into texts: `${KEY}`, or `${KEY:-what stands there without}`.
    private func expand(_ value: JSONValue) throws -> JSONValue {
        switch value {
        case .string(let text):
            let expanded = try expand(text)
            // A variable that stands alone is whatever its value looks like.
            guard text.hasPrefix("${"), text.firstIndex(of: "}") == text.indices.last, Int64(expanded) != nil else {
                return .string(expanded)
            }
            return .number(expanded)
        case .array(let elements): return .array(try elements.map(expand))
        case .object(let object):
            return .object(JSONObject(try object.members.map { .init($0.name, try expand($0.value)) }))
        default: return value
        }
    }

    private func expand(_ text: String) throws -> String {
        var result = ""
        var rest = text[...]
        while let begin = rest.firstRange(of: "${"), let end = rest[begin.upperBound...].firstIndex(of: "}") {
            result += rest[..<begin.lowerBound]
            let place = rest[begin.upperBound..<end]
            let name = place.firstRange(of: ":-").map { place[..<$0.lowerBound] } ?? place
            let standIn = place.firstRange(of: ":-").map { String(place[$0.upperBound...]) }
            guard let value = variable(String(name)) ?? standIn else {
                throw Failure.invalidScenario("The variable \(name) of the environment is not set.")
            }
            result += value
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}

extension JSONValue {
    /// A text without quotes, anything else as JSON.
    var plainText: String { if case .string(let text) = self { text } else { compactText } }
}
