/// What the operating system knows of this process: processor time, memory, file descriptors, time of start.
///
/// Names and units are those that the client libraries of Prometheus share. The numbers come from `/proc`, so systems
/// without it have `millrace_build_info` only.
public enum ProcessMetrics {
    /// Adds the metrics of this process to a registry; they are read anew before each exposition.
    ///
    /// - parameter version: the version of the program.
    public static func register(in registry: MetricsRegistry, version: String) {
        registry.gauge("millrace_build_info", "Always 1; its label is the version.", labels: ["version"])
            .with(version).set(1)
        guard let kernel = KernelFigures() else { return }

        let startTime = registry.gauge(
            "process_start_time_seconds", "When the process started, in seconds since 1970."
        ).with()
        let maximumDescriptors = registry.gauge("process_max_fds", "How many file descriptors may be open.").with()
        let openDescriptors = registry.gauge("process_open_fds", "How many file descriptors are open.").with()
        let residentMemory = registry.gauge(
            "process_resident_memory_bytes", "How much memory the process has in RAM."
        ).with()
        let virtualMemory = registry.gauge(
            "process_virtual_memory_bytes", "How much address space the process has."
        ).with()
        let processorTime = registry.observedCounter(
            "process_cpu_seconds_total", "Processor time spent in user and system mode."
        ).with()

        registry.onCollect {
            // A figure that cannot be read just now keeps its last value.
            if let count = kernel.openDescriptors { openDescriptors.set(Double(count)) }
            if let limit = kernel.maximumDescriptors { maximumDescriptors.set(limit) }
            guard let statistics = kernel.statistics else { return }
            startTime.set(kernel.bootTime + Double(statistics.startTicks) / kernel.ticksPerSecond)
            residentMemory.set(Double(statistics.residentPages) * kernel.pageSize)
            virtualMemory.set(Double(statistics.virtualBytes))
            processorTime.advance(to: Double(statistics.processorTicks) / kernel.ticksPerSecond)
        }
    }
}
