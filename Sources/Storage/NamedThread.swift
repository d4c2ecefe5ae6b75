import Foundation

/// A thread that does one thing until it ends, under a name that `top -H` and profilers show.
public enum NamedThread {
    /// Starts a thread.
    ///
    /// - parameters:
    ///   - name: at most 15 characters, which is what Linux keeps.
    ///   - stackSize: in bytes.
    public static func start(_ name: String, stackSize: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread {
            // A name that is given before the start is not passed on to the system.
            Thread.current.name = name
            body()
        }
        thread.stackSize = stackSize
        thread.start()
    }
}
