import Core
import Foundation

/// How models are learnt, as it is set.
struct TrainingSettings: Sendable {
    /// When.
    let schedule: TrainingSchedule
    /// On how many threads.
    let threads: Int
    /// How much of each thread's time, from 0 to 1.
    let share: Double

    init(_ settings: SettingsValues) {
        schedule = TrainingSchedule(
            growth: Double(settings[RecommendationsSettings.trainingGrowth]) / 100,
            interval: .seconds(settings[RecommendationsSettings.trainingInterval]))
        let processors = Double(ProcessInfo.processInfo.activeProcessorCount)
        let busy = processors * Double(settings[RecommendationsSettings.trainingShare]) / 100
        threads = max(1, Int(busy.rounded(.up)))
        share = busy / Double(threads)
    }
}
