import Expressions
import Outbound

/// What is sent to a server, how much of it, and what it must reach.
public struct Scenario: Sendable {
    /// What reports call it.
    public var name: String
    /// The address of the server, such as `http://127.0.0.1:8080`.
    public var server: String
    /// How much load.
    public var load: LoadProfile
    /// What is done, by weight.
    public var flows: [Flow]
    /// What requests are made of.
    public var data: [DataSet]
    /// What it must reach.
    public var thresholds: [Threshold]
    /// What is done once before, and has to succeed.
    public var setup: Setup?

    /// A flow that is run through some times before the load, so that there is something to ask for.
    public struct Setup: Sendable {
        let flow: Flow
        let times: Int
        let clients: Int
    }

    /// The names of all requests, each once, in their order.
    public var requestNames: [String] {
        var names: [String] = []
        for name in flows.flatMap(\.requestNames) where !names.contains(name) { names.append(name) }
        return names
    }

    /// A scenario of one request without a body, as a quick look at a server needs it.
    ///
    /// - throws: ``Failure`` `url_invalid` or `invalid_scenario`.
    public init(url: String, load: LoadProfile) throws {
        let url = try HTTPURL(url)
        let path = url.target
        name = path
        server = url.destination.description
        self.load = load
        let request = RequestTemplate(
            name: "GET \(path)", method: "GET", path: try Template(path, .url, names: TemplateNames(data: [])),
            headers: [], body: nil, checks: [], savings: [])
        flows = [Flow(name: path, weight: 1, steps: [.request(request)], savedCount: 0)]
        data = []
        thresholds = []
    }

    init(
        name: String, server: String, load: LoadProfile, flows: [Flow], data: [DataSet], thresholds: [Threshold],
        setup: Setup? = nil
    ) {
        self.name = name
        self.server = server
        self.load = load
        self.flows = flows
        self.data = data
        self.thresholds = thresholds
        self.setup = setup
    }
}
