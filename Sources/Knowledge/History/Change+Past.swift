import ChangeLog
import Core

extension Change {
    /// Whether it may have changed what was known at a moment: it did if it was made by then, or if it made something
    /// that says of itself that it was known by then.
    func reaches(_ moment: Timestamp) -> Bool {
        guard time > moment, let after else { return time <= moment }
        guard operation == .insert else { return false }
        // What cannot be read is taken for something that may.
        guard let fields = try? StoredFields(after), let known = try? fields.time("created_at") else { return true }
        return known <= moment
    }
}
