internal import Config
internal import Platform

/// A destination's key, read anew for every connection. The last one that could be read stays in memory: after a
/// restart of the service the credentials that an encoder was started with may be out of its sight.
final class DestinationKey: Sendable {
    private struct Known {
        var key: Secret?
        var saidTrouble = false
    }

    private let name: String
    private let read: @Sendable () throws -> Secret?
    private let known = Monitor(Known())

    /// - Parameters:
    ///   - name: the destination's.
    ///   - read: reads the key; nil where none is configured.
    init(of name: String, read: @escaping @Sendable () throws -> Secret?) {
        self.name = name
        self.read = read
    }

    /// The key as it is now, or as it was when it could be read.
    /// - Throws: what `read` throws, as long as it never gave a key.
    func current() throws -> Secret? {
        do {
            let key = try read()
            known.withLock { $0 = Known(key: key) }
            return key
        } catch {
            let (key, isNews) = known.withLock { known in
                defer { known.saidTrouble = true }
                return (known.key, !known.saidTrouble)
            }
            guard let key else { throw error }
            if isNews { Log.warning("destination \(name): \(error); connecting with the key that was read before") }
            return key
        }
    }
}
