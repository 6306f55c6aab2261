internal import Glibc
internal import Platform

/// One bounded run of ffmpeg or ffprobe.
struct ToolRun {
    let path: String
    let arguments: [String]
    /// What the tool sees as its descriptor 0; nil is /dev/null.
    var input: FileDescriptor?
    /// True when `run`'s `feed` provides standard input rather than `input`.
    var isFed = false
    /// Seconds after which the tool is killed.
    let secondsMax: Double
    /// Existing directory for the tool's complaints.
    let scratch: String

    /// What the tool said.
    struct Outcome {
        let exit: ProcessExit
        let output: [UInt8]
        /// The first 16 KiB of its standard error.
        let complaint: String

        var succeeded: Bool { exit == .code(0) }
        /// The first line it complained with, or how it ended.
        var reason: String {
            complaint.split(separator: "\n").first.map(String.init) ?? "\(exit)"
        }
    }

    static let outputBytesMax = 64 << 20

    /// Runs to the end, gathering the output.
    /// - Parameters:
    ///   - feed: asked on the calling thread for the next bytes of standard input until it gives nil.
    ///   - heard: given the standard output as it comes.
    /// - Throws: `AnimationError`, or whatever `feed` throws; the tool is dead and reaped then.
    func run(
        feed: () throws -> [UInt8]? = { nil }, heard: ([UInt8]) -> Void = { _ in }, isCancelled: () -> Bool
    ) throws -> Outcome {
        // Complaints go to a file, not a pipe, so that a talkative tool never waits for us to read them.
        let complaints = try FileDescriptor.open("\(scratch)/complaints", O_RDWR | O_CREAT | O_TRUNC, mode: 0o600)
        var output: (read: FileDescriptor, write: FileDescriptor)? = try FileDescriptor.pipe()
        // A socket rather than a pipe: a dead reader is then an errno and not also a signal.
        var fed: (ours: FileDescriptor, theirs: FileDescriptor)? = isFed ? try FileDescriptor.socketPair() : nil
        guard let listening = output?.read else { throw AnimationError.cancelled }
        let process: ChildProcess
        do {
            process = try ChildProcess(
                path: path, arguments: arguments,
                environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"],
                descriptors: [fed?.theirs.number ?? input?.number, output?.write.number, complaints.number],
                newSession: true)
        } catch {
            throw AnimationError.tool(path: path, reason: "\(error)")
        }
        // The child's ends must have no owner here, or its end of file would never be seen.
        let ours = fed?.ours
        output = nil
        fed = nil
        do {
            let heardAll = try converse(listening: listening, speaking: ours, feed: feed, heard: heard, isCancelled)
            guard let exit = process.wait(timeoutSeconds: 30) else {
                throw AnimationError.tool(path: path, reason: "it did not end")
            }
            return Outcome(exit: exit, output: heardAll, complaint: try Self.beginning(of: complaints))
        } catch {
            process.signalGroup(SIGKILL)
            _ = process.wait(timeoutSeconds: 10)
            throw error
        }
    }

    /// Feeds and listens until the tool closes its output.
    private func converse(
        listening: FileDescriptor, speaking: FileDescriptor?, feed: () throws -> [UInt8]?,
        heard: ([UInt8]) -> Void, _ isCancelled: () -> Bool
    ) throws -> [UInt8] {
        let clock = SystemClock()
        let deadline = clock.monotonicSeconds + secondsMax
        var speaking = speaking
        var unsent: ArraySlice<UInt8> = []
        var gathered: [UInt8] = []
        while true {
            if isCancelled() { throw AnimationError.cancelled }
            if clock.monotonicSeconds > deadline {
                throw AnimationError.tool(path: path, reason: "no end after \(Int(secondsMax)) s")
            }
            var waiting = [pollfd(fd: listening.number, events: Int16(POLLIN), revents: 0)]
            if let speaking { waiting.append(pollfd(fd: speaking.number, events: Int16(POLLOUT), revents: 0)) }
            _ = poll(&waiting, nfds_t(waiting.count), 100)
            if waiting[0].revents != 0 {
                let piece = try listening.read(upTo: 1 << 16)
                if piece.isEmpty { return gathered }
                guard gathered.count + piece.count <= Self.outputBytesMax else {
                    throw AnimationError.tool(path: path, reason: "it says more than \(Self.outputBytesMax >> 20) MiB")
                }
                gathered += piece
                heard(piece)
            }
            if let peer = speaking, waiting.count > 1, waiting[1].revents != 0 {
                if unsent.isEmpty {
                    guard let next = try feed() else {
                        speaking = nil
                        shutdown(peer.number, Int32(SHUT_WR))
                        continue
                    }
                    unsent = next[...]
                }
                let sent = unsent.withUnsafeBytes {
                    send(peer.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                }
                if sent >= 0 {
                    unsent = unsent.dropFirst(sent)
                } else if errno != EAGAIN, errno != EINTR {
                    // It no longer listens: how it ends says why.
                    speaking = nil
                }
            }
        }
    }

    private static func beginning(of file: FileDescriptor) throws -> String {
        lseek(file.number, 0, SEEK_SET)
        return String(decoding: try file.read(upTo: 16 << 10), as: UTF8.self)
    }
}
