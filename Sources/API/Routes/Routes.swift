/// The routes of every resource.
public enum Routes {
    // Each resource adds a function to a file of its own, for example `productRoutes(_:)`; `Server` gathers them.
}
