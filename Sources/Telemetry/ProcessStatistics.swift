/// The figures of `/proc/self/stat` that ``ProcessMetrics`` shows (proc(5)).
struct ProcessStatistics: Equatable {
    /// Processor time in user and system mode, in clock ticks.
    let processorTicks: Int64
    /// When the process started, in clock ticks since the machine did.
    let startTicks: Int64
    /// The address space in bytes.
    let virtualBytes: Int64
    /// The memory in RAM, in pages.
    let residentPages: Int64

    /// Reads the one line of the file. Returns nil when it does not have the form that proc(5) tells of.
    init?(_ line: String) {
        // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(whereSeparator: \.isWhitespace)
        /// A field by its number in proc(5); the first after the name is number 3.
        func field(_ number: Int) -> Int64? { fields.count > number - 3 ? Int64(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let start = field(22), let size = field(23),
            let resident = field(24)
        else { return nil }
        processorTicks = user + system
        startTicks = start
        virtualBytes = size
        residentPages = resident
    }
}
