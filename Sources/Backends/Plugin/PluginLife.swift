internal import Glibc
internal import IPC
internal import Platform
internal import Synchronization

/// One life of a plug-in's process, from its start to its end: the process, its socket, its log. Lives once.
///
/// It is a member of our own process group, so that whoever stops or renices that reaches it, and it is killed when we
/// die, however that happens.
final class PluginLife: Sendable {
    private struct Begun: Sendable {
        var child: ChildProcess
        var socket: FileDescriptor
    }

    private struct Incoming {
        var lines = LineBuffer()
        var messages: [Message] = []
        /// What follows the messages.
        var fault: PluginFault?
    }

    let log: PluginLog
    private let child: ChildProcess
    private let socket: FileDescriptor
    /// Names this life in the environment of everything that it starts.
    private let mark: String
    private let outbox = Mutex(Outbox())
    private let incoming = Mutex(Incoming())
    private let exit = Monitor<ProcessExit?>(nil)

    /// On which it finds its socket.
    private static let descriptorNumber = 3
    private static let markName = "LOFISUP_PLUGIN_LIFE"

    var pid: Int32 { child.pid }
    var hasEnded: Bool { child.hasEnded }

    /// Starts the process.
    /// - Throws: `.cannotStart`.
    init(_ command: PluginCommand, log: PluginLog) throws(PluginFault) {
        self.log = log
        mark = (0..<2).map { _ in String(UInt64.random(in: 1...UInt64.max), radix: 36) }.joined()
        var environment = command.environment
        environment["LOFISUP_PLUGIN_FD"] = String(Self.descriptorNumber)
        environment[Self.markName] = mark
        let begun = Monitor<Result<Begun, SystemError>?>(nil)
        let exit = exit
        let start = command
        // The kernel ends the process with the thread that starts it: this one stays until it has ended.
        NamedThread.start("plugin-log") { [environment] in
            let output: FileDescriptor
            let life: Begun
            do throws(SystemError) {
                (life, output) = try Self.begin(start, environment)
                begun.withLock { $0 = .success(life) }
            } catch {
                begun.withLock { $0 = .failure(error) }
                return
            }
            Self.listen(to: output, of: life.child, log)
            let ended = life.child.wait(timeoutSeconds: 3600 * 24 * 365)
            log.finish()
            exit.withLock { $0 = ended ?? .unknown }
        }
        let result = begun.wait(timeoutSeconds: 60) { $0 }
        do {
            let life = try (result ?? .failure(SystemError("start", code: EAGAIN))).get()
            (child, socket) = (life.child, life.socket)
        } catch { throw .cannotStart(program: command.path, why: error) }
    }

    private static func begin(
        _ command: PluginCommand, _ environment: [String: String]
    ) throws(SystemError) -> (Begun, FileDescriptor) {
        let (ours, theirs) = try FileDescriptor.socketPair()
        let output = try FileDescriptor.pipe()
        try output.read.setNonBlocking()
        // The child's ends must be open until it has its own copies, and closed here right after.
        let child = try withExtendedLifetime((theirs, output.write)) { () throws(SystemError) in
            try ChildProcess(
                path: command.path, arguments: command.arguments, environment: environment, directory: "/",
                descriptors: [nil, output.write.number, output.write.number, theirs.number], diesWithThread: true)
        }
        return (Begun(child: child, socket: ours), output.read)
    }

    /// Reads the log until the process has ended; what children of it write later is nobody's.
    private static func listen(to output: FileDescriptor, of child: ChildProcess, _ log: PluginLog) {
        var isOpen = true
        while true {
            var waiting = [
                pollfd(fd: child.pidfd.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isOpen ? output.number : -1, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&waiting, 2, -1)
            let hasEnded = waiting[0].revents != 0
            // A dead one can have left no more than a full pipe.
            var pieces = hasEnded ? 64 : 1
            while isOpen, pieces > 0, let bytes = try? output.read(upTo: 4096) {
                if bytes.isEmpty { isOpen = false } else { log.take(bytes, now: SystemClock().monotonicSeconds) }
                pieces -= 1
            }
            if hasEnded { return }
        }
    }

    /// Sends a message without waiting for the plug-in to take it. One that has gone is found out by reading.
    /// - Throws: `.tooLongForALine`.
    func send(_ message: Message, of method: String) throws(PluginFault) {
        guard let line = try? message.line() else { throw .tooLongForALine(method: method) }
        send(line: line)
    }

    /// Sends any bytes: for the check, which says what no station says.
    func send(line: [UInt8]) { outbox.withLock { outbox in try? outbox.add(line, to: socket) } }

    /// The next message; nil when none came within `seconds`. For one thread at a time.
    /// - Throws: `.garbage`, `.lineTooLong`, and at the end of the socket `.ended` or `.hungUp`.
    func next(within seconds: Double, during method: String) throws(PluginFault) -> Message? {
        if let message = try takeMessage() { return message }
        let isFull = outbox.withLock { !$0.isEmpty }
        var waiting = pollfd(fd: socket.number, events: Int16(isFull ? POLLIN | POLLOUT : POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32((seconds * 1000).rounded(.up))) > 0 else { return nil }
        if Int32(waiting.revents) & POLLOUT != 0 { outbox.withLock { outbox in try? outbox.flush(to: socket) } }
        guard Int32(waiting.revents) & ~POLLOUT != 0 else { return nil }
        let bytes = (try? socket.read(upTo: 65_536)) ?? []
        if bytes.isEmpty { throw endOfSocket(during: method) }
        read(bytes)
        return try takeMessage()
    }

    /// In the order of their coming: what was said before a fault counts.
    private func takeMessage() throws(PluginFault) -> Message? {
        let (message, fault) = incoming.withLock { incoming in
            incoming.messages.isEmpty ? (nil, incoming.fault) : (incoming.messages.removeFirst(), nil)
        }
        if let fault { throw fault }
        return message
    }

    private func read(_ bytes: [UInt8]) {
        incoming.withLock { incoming in
            let lines: [[UInt8]]
            do throws(WireError) { lines = try incoming.lines.add(bytes) } catch {
                incoming.fault = .lineTooLong(limitBytes: Message.bytesMax)
                return
            }
            for line in lines where incoming.fault == nil {
                do throws(WireError) { incoming.messages.append(try Message(line: line)) } catch {
                    incoming.fault = .garbage(why: error.description, line: Self.shown(line))
                }
            }
        }
    }

    /// The beginning of a line that may hold anything.
    private static func shown(_ line: [UInt8]) -> String {
        let text = String(decoding: line.prefix(120), as: UTF8.self)
        let harmless = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? "?" : $0 }))
        return harmless + (line.count > 120 ? " ..." : "")
    }

    /// Its end is told by its socket first: a moment for the exit code.
    private func endOfSocket(during method: String) -> PluginFault {
        guard let ended = exit.wait(timeoutSeconds: 2, until: { $0 }) else { return .hungUp(during: method) }
        return .ended(ended, during: method, lastWords: log.lastWords)
    }

    /// What it keeps in memory, with everything it has started; nil once it has ended.
    var memoryBytes: Int? {
        if child.hasEnded { return nil }
        let sizes = ProcessFamily(of: child.pid).members.compactMap { ProcessFigures(pid: $0)?.residentBytes }
        return sizes.isEmpty ? nil : sizes.reduce(0, +)
    }

    /// Ends the conversation and waits for the process to end by itself; after `graceSeconds` it is killed. What it has
    /// started is killed in any case.
    /// - Returns: how it ended by itself; nil when it was killed.
    @discardableResult
    func end(graceSeconds: Double) -> ProcessExit? {
        socket.shutDown()
        let ended = graceSeconds > 0 ? exit.wait(timeoutSeconds: graceSeconds) { $0 } : exit.read { $0 }
        if ended == nil {
            // All at once, or a parent could start another child between two kills.
            ProcessFamily.hold(child.pid)
            child.signal(SIGKILL)
        }
        MarkedProcesses.kill(name: Self.markName, value: mark)
        if ended == nil { _ = exit.wait(timeoutSeconds: 10) { $0 } }
        return ended
    }
}
