internal import Glibc

/// One run of a tool, from its start to its end. A value lives once.
struct ToolLife {
    enum Ending {
        case exited(ProcessExit)
        case timedOut, cancelled, tooMuchOutput
    }

    /// The last bytes of a stream of any length.
    struct Tail {
        let kept: Int
        private(set) var bytes: [UInt8] = []

        init(keeping kept: Int) { self.kept = kept }

        mutating func append(_ more: [UInt8]) {
            bytes += more
            // Cut seldom, so that each byte moves about once.
            if bytes.count > 2 * kept { bytes.removeFirst(bytes.count - kept) }
        }
    }

    private(set) var stdout: [UInt8] = []
    private(set) var stderr: Tail
    private let child: ChildProcess
    private var toChild: FileDescriptor?
    private var fromStdout: FileDescriptor?
    private var fromStderr: FileDescriptor?
    /// The part of the input that is in hand: what follows it is fed.
    private var unsent: ArraySlice<UInt8> = []

    init(
        path: String, arguments: [String], environment: [String: String], input: ToolInput, limits: ToolLimits,
        nice: Int32
    ) throws(SystemError) {
        stderr = Tail(keeping: limits.stderrBytesKept)
        let outPipe = try FileDescriptor.pipe()
        let errPipe = try FileDescriptor.pipe()
        var childInput: FileDescriptor?
        switch input {
        case .nothing: break
        case .descriptor(let descriptor): childInput = descriptor
        case .bytes, .pieces:
            if case .bytes(let bytes) = input { unsent = bytes[...] }
            // A socket, not a pipe: a write to a reader that has gone is then an error and never a SIGPIPE.
            let (ours, theirs) = try FileDescriptor.socketPair()
            try ours.setNonBlocking()
            toChild = ours
            childInput = theirs
        }
        try outPipe.read.setNonBlocking()
        try errPipe.read.setNonBlocking()
        // The child's ends must be open until it has its own copies, and closed here right after.
        child = try withExtendedLifetime((childInput, outPipe.write, errPipe.write)) { () throws(SystemError) in
            try ChildProcess(
                path: path, arguments: arguments, environment: environment,
                descriptors: [childInput?.number, outPipe.write.number, errPipe.write.number], newSession: true,
                nice: nice)
        }
        fromStdout = outPipe.read
        fromStderr = errPipe.read
    }

    /// Feeds and reads until the tool has ended, one way or the other; it is reaped then.
    mutating func runToItsEnd(
        limits: ToolLimits, feed: () -> [UInt8]?, heard: ([UInt8]) -> Void, isCancelled: () -> Bool
    ) throws(SystemError) -> Ending {
        let clock = SystemClock()
        let deadline = clock.monotonicSeconds + limits.seconds
        while true {
            let left = deadline - clock.monotonicSeconds
            let ended = try exchange(waitSeconds: min(max(left, 0), 0.1), feed, heard)
            if ended {
                let exit = try finish(heard)
                return stdout.count > limits.stdoutBytesMax ? .tooMuchOutput : .exited(exit)
            }
            if stdout.count > limits.stdoutBytesMax {
                kill()
                return .tooMuchOutput
            }
            if isCancelled() {
                kill()
                return .cancelled
            }
            if left <= 0 {
                kill()
                return .timedOut
            }
        }
    }

    /// Ends the tool and whatever it started, and reaps it.
    func kill() {
        child.signalGroup(SIGKILL)
        child.signal(SIGKILL)
        _ = child.wait(timeoutSeconds: 10)
    }

    /// Waits for any of the four descriptors and serves it. True when the process has ended.
    private mutating func exchange(
        waitSeconds: Double, _ feed: () -> [UInt8]?, _ heard: ([UInt8]) -> Void
    ) throws(SystemError) -> Bool {
        var waiting = [
            pollfd(fd: child.pidfd.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: fromStdout?.number ?? -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: fromStderr?.number ?? -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: toChild?.number ?? -1, events: Int16(POLLOUT), revents: 0),
        ]
        if poll(&waiting, nfds_t(waiting.count), Int32((waitSeconds * 1000).rounded(.up))) < 0 {
            let code = errno
            if code == EINTR { return false }
            throw SystemError("poll", code: code)
        }
        if waiting[1].revents != 0 { try readStdout(heard) }
        if waiting[2].revents != 0 { try readStderr() }
        if waiting[3].revents != 0 { try write(feed) }
        return waiting[0].revents != 0
    }

    /// True when there was something to read, if only the end.
    @discardableResult
    private mutating func readStdout(_ heard: ([UInt8]) -> Void) throws(SystemError) -> Bool {
        guard let bytes = try Self.available(fromStdout) else { return false }
        stdout += bytes
        if bytes.isEmpty { fromStdout = nil } else { heard(bytes) }
        return true
    }

    /// True when there was something to read, if only the end.
    @discardableResult
    private mutating func readStderr() throws(SystemError) -> Bool {
        guard let bytes = try Self.available(fromStderr) else { return false }
        stderr.append(bytes)
        if bytes.isEmpty { fromStderr = nil }
        return true
    }

    /// Nil when nothing is there yet, empty at the end of the file.
    private static func available(_ descriptor: FileDescriptor?) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try descriptor?.read(upTo: 64 << 10)
        } catch {
            if error.code == EAGAIN { return nil }
            throw error
        }
    }

    private mutating func write(_ feed: () -> [UInt8]?) throws(SystemError) {
        guard let descriptor = toChild else { return }
        if unsent.isEmpty {
            guard let next = feed() else {
                toChild = nil
                return
            }
            unsent = next[...]
        }
        let count = unsent.withUnsafeBytes { send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count < 0 {
            let code = errno
            switch code {
            case EAGAIN, EINTR: return
            // The tool has read all it wanted: its exit tells whether that was well.
            case EPIPE, ECONNRESET: toChild = nil
            default: throw SystemError("write to the tool", code: code)
            }
            return
        }
        unsent = unsent.dropFirst(count)
    }

    /// The process has ended: ends what it left behind, takes the last of its words and reaps it.
    private mutating func finish(_ heard: ([UInt8]) -> Void) throws(SystemError) -> ProcessExit {
        toChild = nil
        // Before the reaping, while the group's number is still the child's own.
        child.signalGroup(SIGKILL)
        let exit = child.wait(timeoutSeconds: 10)
        // Two full pipes are the most a dead tool can have left. An orphan in a session of its own may hold them open
        // and go on writing: that is not waited for.
        for _ in 0..<64 {
            let some = try readStdout(heard)
            if try !readStderr() && !some { break }
        }
        guard let exit else { throw SystemError("wait for the tool", code: ECHILD) }
        return exit
    }
}
