internal import CPlatform
internal import Glibc

/// A thread that runs one closure to its end. Blocking work belongs here, not on the cooperative pool, which has
/// one thread a core and would stand still.
public enum NamedThread {
    private final class Body {
        let name: String
        let run: () -> Void
        init(name: String, run: @escaping () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts `run` on a new detached thread.
    /// - Parameter name: up to 15 bytes are shown by `top -H`.
    public static func start(_ name: String, _ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(name: String(name.prefix(15)), run: run))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let failed = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                lofi_name_thread(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        // Without threads the process cannot do its work; the supervisor starts it again.
        if failed != 0 {
            Log.error("cannot start thread \(name): \(String(cString: strerror(failed)))")
            exit(75)
        }
    }
}
