import Core
import Foundation
import NIOCore
import NIOPosix

/// A run of a scenario against a server.
public struct LoadTest: Sendable {
    private let scenario: Scenario
    private let threads: Int

    /// What the beginning of a run is later than the moment when everybody is ready, in nanoseconds: by then all know
    /// it.
    private static let headStart: Int64 = 10_000_000

    /// A run with so many threads, each of which has its part of the connections.
    public init(_ scenario: Scenario, threads: Int = 1) {
        self.scenario = scenario
        let clients = scenario.load.mode == .open ? scenario.load.connections : Int(scenario.load.peak)
        self.threads = max(1, min(threads, clients))
    }

    /// Sends the load.
    ///
    /// - parameter onSecond: is told of each second once it is over.
    /// - throws: ``Failure`` `target_unreachable` when no connection can be made, `url_invalid`.
    public func run(onSecond: @escaping @Sendable (IntervalFigures) -> Void = { _ in }) async throws -> LoadResult {
        let target = try LoadTarget(scenario.server)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        do {
            let result = try await run(target, group, IntervalSeries(generatorCount: threads, onSecond: onSecond))
            try await group.shutdownGracefully()
            return result
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// Does what a scenario does before its load.
    ///
    /// - throws: ``Failure`` `setup_failed` when a request of it fails, or what ``run(onSecond:)`` throws.
    public static func setUp(_ scenario: Scenario) async throws {
        guard let setup = scenario.setup else { return }
        var once = scenario
        once.flows = [setup.flow]
        once.load = LoadProfile(.closed, of: Double(setup.clients), for: setupTimeout)
        once.load.iterations = setup.times
        once.load.timeout = scenario.load.timeout
        let result = try await LoadTest(once).run()
        for request in result.requests {
            if let failure = request.failures.first { throw Failure.setupFailed(request.name, failure.reason) }
        }
    }

    /// How long that may take.
    private static let setupTimeout = Duration.seconds(3_600)

    private func run(
        _ target: LoadTarget, _ group: MultiThreadedEventLoopGroup, _ series: IntervalSeries
    ) async throws -> LoadResult {
        var generators: [NIOLoopBound<LoadGenerator>] = []
        for index in 0..<threads {
            let loop = group.next()
            let made = loop.submit { [scenario, threads] in
                NIOLoopBound(
                    LoadGenerator(scenario, target, index: index, of: threads, on: loop, series: series),
                    eventLoop: loop)
            }
            generators.append(try await made.get())
        }
        let startedAt = SystemTime().now()
        do {
            for generator in generators {
                try await generator.eventLoop.flatSubmit { generator.value.connectAll() }.get()
            }
        } catch {
            for generator in generators { try await generator.eventLoop.submit { generator.value.cancel(error) }.get() }
            throw error
        }
        let origin = LoadGenerator.now() + scenario.load.warmUp.nanoseconds + Self.headStart
        let (begun, before) = (LoadGenerator.now(), Self.processorSeconds())
        for generator in generators { generator.eventLoop.execute { generator.value.start(origin: origin) } }
        let recorders = generators.map { generator in
            generator.eventLoop.flatSubmit { generator.value.ended.futureResult }
        }
        var sum = Recorder(requestCount: scenario.requestNames.count)
        for recorder in recorders { sum.add(try await recorder.get()) }
        let seconds = Double(max(0, sum.lastEnd - origin)) / 1e9
        let used = Self.processorSeconds() - before
        return LoadResult(
            scenario, sum, series.finish(), startedAt: startedAt, seconds: seconds,
            processorShare: used / (Double(LoadGenerator.now() - begun) / 1e9) / Double(threads))
    }

    /// How much of the processors this process has used, in seconds.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
