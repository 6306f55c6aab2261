internal import Platform
internal import Synchronization

/// Work that may wait for a disk or a bus, done beside the control loop; what is to follow from it is handed back.
final class Errands: Sendable {
    private let done: Mutex<[@Sendable (Supervisor) -> Void]> = Mutex([])
    private let bell: (read: FileDescriptor, write: FileDescriptor)

    init() throws(SystemError) {
        bell = try FileDescriptor.pipe()
        try bell.read.setNonBlocking()
        try bell.write.setNonBlocking()
    }

    /// Readable when something has been done.
    var descriptor: Int32 { bell.read.number }

    /// Runs `work` on a thread of its own; what it returns is run by the control loop.
    func send(_ name: String, _ work: @escaping @Sendable () -> @Sendable (Supervisor) -> Void) {
        NamedThread.start(name) { [self] in
            let follow = work()
            done.withLock { $0.append(follow) }
            // A full pipe rings just as well.
            try? bell.write.write(all: [1])
        }
    }

    /// What is to be done now.
    func take() -> [@Sendable (Supervisor) -> Void] {
        _ = try? bell.read.read(upTo: 256)
        return done.withLock { done in
            defer { done = [] }
            return done
        }
    }
}
