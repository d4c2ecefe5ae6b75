public import Core

/// Where reads go to that a replica may answer.
public enum ReadPreference: String, SettingChoice {
    /// The primary; replicas stand in while it does not answer.
    case primary
    /// Whichever server has answered fastest lately, the primary included.
    case nearest
    /// The replicas in turn; the primary when none of them can.
    case roundRobin = "round_robin"
}
