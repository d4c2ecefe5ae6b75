/// How much load there is, and when.
public struct LoadProfile: Sendable, Equatable {
    /// Who decides when the next request is sent.
    public enum Mode: String, Sendable, CaseIterable {
        /// Requests arrive at a rate, whether the server answers or not, as the users of a public server do.
        case open
        /// A number of clients each wait for the answer before they send the next request.
        case closed
    }

    /// How the arrivals of an open loop lie in time.
    public enum Arrivals: String, Sendable, CaseIterable {
        /// At equal distances.
        case constant
        /// At random, as those of independent users do: a Poisson process.
        case random
    }

    /// A part of the run, in which the load goes from what it was to a target in a straight line.
    public struct Stage: Sendable, Equatable {
        /// How long it takes.
        public let duration: Duration
        /// Requests a second of an open loop, clients of a closed one.
        public let target: Double

        /// A part of a run.
        public init(duration: Duration, target: Double) {
            self.duration = duration
            self.target = target
        }
    }

    /// Who decides when.
    public var mode: Mode
    /// How arrivals lie.
    public var arrivals = Arrivals.constant
    /// The load at the beginning.
    public var start: Double
    /// The parts of the run.
    public var stages: [Stage]
    /// What is done before the run and not measured, at the load of its beginning, or of the first target.
    public var warmUp: Duration = .zero
    /// How many flows are run through before a closed loop ends; nil is as many as there is time for.
    public var iterations: Int?
    /// How many connections there are at most; those of a closed loop are its clients.
    public var connections = 64
    /// How long an answer is waited for.
    public var timeout: Duration = .seconds(30)
    /// The seed of all that is random.
    public var seed: UInt64 = 1

    /// A load of so many requests a second, or so many clients, for a time.
    public init(_ mode: Mode = .open, of load: Double, for duration: Duration) {
        self.init(mode, from: load, through: [Stage(duration: duration, target: load)])
    }

    /// A load that changes.
    public init(_ mode: Mode, from start: Double, through stages: [Stage]) {
        self.mode = mode
        self.start = start
        self.stages = stages
    }

    /// How long it takes, without what is done before.
    public var duration: Duration { stages.reduce(.zero) { $0 + $1.duration } }

    /// The highest load.
    public var peak: Double { stages.map(\.target).max().map { max($0, start) } ?? start }

    /// The same with another load that does not change.
    public func at(_ load: Double, for duration: Duration? = nil) -> LoadProfile {
        var profile = self
        profile.start = load
        profile.stages = [Stage(duration: duration ?? self.duration, target: load)]
        return profile
    }
}
