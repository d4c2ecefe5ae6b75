/// How many clients of a closed loop work at a time. A value: times are nanoseconds since the run began.
struct ClientSchedule {
    private let lines: [StageLine]
    private let generator: Int
    private let count: Int

    /// The clients of one of several generators that share them.
    init(_ profile: LoadProfile, generator: Int = 0, of count: Int = 1) {
        lines = StageLine.lines(of: profile)
        self.generator = generator
        self.count = count
    }

    /// How many of this generator's clients work; nil when the run is over.
    func clients(at time: Int64) -> Int? {
        let seconds = Double(time) / 1e9
        guard let line = lines.last(where: { $0.begin <= seconds }) ?? lines.first,
            line.begin + line.duration > seconds
        else { return nil }
        return share(of: Int(line.load(after: seconds - line.begin).rounded()))
    }

    /// How many of all clients are this generator's.
    func share(of clients: Int) -> Int { (clients + count - 1 - generator) / count }
}
