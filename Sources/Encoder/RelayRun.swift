internal import Domain
internal import Glibc
internal import Platform

/// One connection to one destination: an ffmpeg that is given the encoded stream and copies it out. It lives once;
/// `Relay` makes the next.
final class RelayRun {
    /// What the caller shows of it, updated while it runs.
    struct Figures: Sendable {
        /// Seconds of stream that ffmpeg says it has put out.
        var sentSeconds = 0.0
        /// Seconds since that last grew.
        var stillSeconds = 0.0
        /// Bytes of the stream that ffmpeg has taken.
        var sentBytes = 0
        var lastWords: String?
    }

    private let child: ChildProcess
    private var input: FileDescriptor?
    private let progress: FileDescriptor
    private let complaints: FileDescriptor
    private let clock: any StationClock
    private var pending: [UInt8] = []
    private var progressLines = ""
    private var complaintLines: ComplaintLines
    private(set) var figures = Figures()
    /// What ffmpeg has not taken yet.
    var pendingBytes: Int { pending.count }
    /// More of the stream waits in the subscription, whose bound then counts.
    private static let pendingBytesMax = 1 << 20
    private static let idleSeconds = 1.0

    init(
        ffmpeg: String, connection: RelayTarget.Connection, environment: [String: String], clock: any StationClock
    ) throws(SystemError) {
        let stdin = try FileDescriptor.pipe()
        let stdout = try FileDescriptor.pipe()
        let stderr = try FileDescriptor.pipe()
        let preset = try FileDescriptor.pipe()
        // Small against a pipe's capacity, so that this cannot block.
        if let bytes = connection.preset { try preset.write.write(all: bytes) }
        try stdin.write.setNonBlocking()
        try stdout.read.setNonBlocking()
        try stderr.read.setNonBlocking()
        // The child's ends must be open until it has its own copies, and closed here right after.
        child = try withExtendedLifetime((stdin.read, stdout.write, stderr.write, preset.read)) {
            () throws(SystemError) in
            try ChildProcess(
                path: ffmpeg, arguments: Self.arguments(connection), environment: environment,
                descriptors: [stdin.read.number, stdout.write.number, stderr.write.number, preset.read.number])
        }
        input = stdin.write
        progress = stdout.read
        complaints = stderr.read
        self.clock = clock
        complaintLines = ComplaintLines(secrets: connection.secrets)
    }

    private static func arguments(_ connection: RelayTarget.Connection) -> [String] {
        ["-hide_banner", "-loglevel", "error", "-nostdin", "-stats_period", "0.5", "-progress", "pipe:1"]
            // Both streams are known from their headers; probing would only hold up the start.
            + ["-f", "flv", "-probesize", "32768", "-analyzeduration", "500000", "-i", "pipe:0"]
            + ["-map", "0", "-c", "copy"] + (connection.preset == nil ? [] : ["-fpre", "/dev/fd/3"])
            + connection.output
    }

    /// Copies the stream until the connection ends.
    /// - Parameters:
    ///   - stallSecondsMax: without output for so long, the connection is taken for dead and its process is killed.
    ///   - update: called a few times a second; true ends the run cleanly.
    /// - Returns: why it ended, in words.
    func supervise(
        _ subscription: Broadcast.Subscription, stallSecondsMax: Double, update: (Figures) -> Bool
    ) -> String {
        let base = subscription.opening.last { $0.kind != .script && !$0.isSequenceHeader && $0.isKeyframe }
        let baseMilliseconds = base?.milliseconds ?? 0
        pending = FlvTag.streamHeader
        for tag in subscription.opening { pending += tag.bytes(base: baseMilliseconds) }
        var movedAt = clock.monotonicSeconds
        var givenAt = movedAt
        var sentSeconds = -1.0
        while true {
            if let exit = child.reap() {
                drainWords()
                return figures.lastWords ?? "ffmpeg ended: \(exit)"
            }
            let isOver = update(figures)
            let now = clock.monotonicSeconds
            // Also at the end: what the encoder put out before it closed is still to be sent.
            if pending.count < Self.pendingBytesMax || isOver {
                guard let tags = subscription.take() else { return kill("could not keep up with the stream") }
                for tag in tags { pending += tag.bytes(base: baseMilliseconds) }
                if !tags.isEmpty { givenAt = now }
            }
            if isOver { return close(reason: "closed") }
            pump()
            drainWords()
            // While the encoder's ffmpeg is being replaced there is nothing to send, which is no stall.
            let isIdle = pending.isEmpty && now - givenAt > Self.idleSeconds
            if figures.sentSeconds > sentSeconds || isIdle {
                sentSeconds = figures.sentSeconds
                movedAt = now
            }
            figures.stillSeconds = now - movedAt
            if figures.stillSeconds > stallSecondsMax {
                return kill("nothing was taken for \(Int(stallSecondsMax)) s")
            }
            waitForWork()
        }
    }

    private func pump() {
        guard let input, !pending.isEmpty else { return }
        var done = 0
        while done < pending.count {
            let count = pending.withUnsafeBytes { raw in
                write(input.number, raw.baseAddress.map { $0 + done }, raw.count - done)
            }
            if count <= 0 {
                // It reads no more, and its end or the stall says why. Polling a broken pipe would not wait.
                if count < 0, errno == EPIPE { self.input = nil }
                break
            }
            done += count
        }
        pending.removeFirst(done)
        figures.sentBytes += done
    }

    private func waitForWork() {
        var watched = [
            pollfd(fd: child.pidfd.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: complaints.number, events: Int16(POLLIN), revents: 0),
        ]
        if let input, !pending.isEmpty { watched.append(pollfd(fd: input.number, events: Int16(POLLOUT), revents: 0)) }
        // New packets come about every 20 ms; twice that is no delay anyone notices and half the wake-ups.
        _ = poll(&watched, nfds_t(watched.count), 40)
    }

    private func drainWords() {
        if let bytes = try? progress.read(upTo: 65_536) { progressLines += String(decoding: bytes, as: UTF8.self) }
        while let end = progressLines.firstIndex(of: "\n") {
            readProgress(progressLines[..<end])
            progressLines = String(progressLines[progressLines.index(after: end)...])
        }
        if let bytes = try? complaints.read(upTo: 65_536), let last = complaintLines.add(bytes).last {
            figures.lastWords = last
        }
    }

    private func readProgress(_ line: Substring) {
        let parts = line.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return }
        let value = parts[1].drop { $0 == " " }
        if parts[0] == "out_time_us", let microseconds = Double(value) { figures.sentSeconds = microseconds / 1e6 }
    }

    private func kill(_ reason: String) -> String {
        child.signal(SIGKILL)
        _ = child.wait(timeoutSeconds: 2)
        return reason
    }

    private func close(reason: String) -> String {
        // A full pipe means that nobody reads; then waiting for a clean end is in vain.
        pump()
        input = nil
        if child.wait(timeoutSeconds: 3) == nil { return kill(reason) }
        return reason
    }
}
