import API
import Caching
import ChangeLog
import Commerce
public import Core
import Embedding
import Knowledge
import Memories
import Observers
import Outbound
import Recommendations
import Search
import Storage

/// The settings of all rooms together.
public enum AllSettings {
    /// Every setting that exists.
    ///
    /// - throws: ``Failure`` `duplicate_setting` when two have one name, which is a defect.
    public static func registry() throws -> SettingsRegistry {
        try SettingsRegistry(
            ServerSettings.all + APISettings.all + StorageSettings.all + CachingSettings.all + ChangeLogSettings.all
                + LeaseSettings.all + ObserversSettings.all + SearchSettings.all + CommerceSettings.all
                + OutboundSettings.all + MemoriesSettings.all + KnowledgeSettings.all
                + RecommendationsSettings.all
                + RerankerSettings.all + EmbeddingSettings.all)
    }
}
