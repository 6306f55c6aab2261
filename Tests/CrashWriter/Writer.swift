import Buffer
import Domain
import FoundationEssentials
import Glibc
import Platform

struct Writer {
    private let buffer: BufferDirectory
    private let log: FileDescriptor
    private let clock = SystemClock()

    init(root: String, log: String) throws {
        let rules = BufferRules(
            trackSeconds: 1, promptSeconds: 5, promptCount: 3, keepConsumed: 4, diskReserveBytes: 0,
            evergreenBytesMax: 100_000)
        buffer = try BufferDirectory(root: root, rules: rules)
        self.log = try FileDescriptor.open(log, O_WRONLY | O_APPEND | O_CREAT)
    }

    /// Composes slot after slot.
    func append() throws {
        while true {
            let reservation = try buffer.reserve()
            let outcome = try commit(reservation, frames: 441)
            if case .ready = outcome {
                try say("committed \(reservation.number)")
            } else {
                try say("late \(reservation.number)")
            }
        }
    }

    /// Airs track after track; when there is none it looks again a little later.
    func consume() throws {
        while true {
            guard let track = try buffer.take() else {
                clock.sleep(seconds: 0.001)
                continue
            }
            try say("taken \(track.number)")
            try buffer.markConsumed(through: track.number, airedAtWallSeconds: clock.wallSeconds)
            try say("consumed \(track.number)")
        }
    }

    /// Composes one track. If a time is given, the kernel kills this process so long after the commit began.
    func commitOnce(killedAfterMicroseconds: Int?) throws {
        let reservation = try buffer.reserve()
        try write(reservation, frames: 441)
        try timed(killedAfterMicroseconds) { try commitStaged(reservation) }
        try say("committed \(reservation.number)")
    }

    /// Composes a track and airs the next, with the kill as above.
    func consumeOnce(killedAfterMicroseconds: Int?) throws {
        try commitOnce(killedAfterMicroseconds: nil)
        guard let track = try buffer.take() else { return }
        try timed(killedAfterMicroseconds) { try buffer.markConsumed(through: track.number, airedAtWallSeconds: 0) }
        try say("consumed \(track.number)")
    }

    /// Stages two turns and a half and takes them in, with the kill as above. Whoever was killed before is finished
    /// first.
    func importOnce(killedAfterMicroseconds: Int?) throws {
        _ = try buffer.knownChecksums()
        let staging = buffer.importDirectory + "/test"
        try Files.makeDirectory(staging)
        let staged = try Files.names(in: staging)
        let first = staged.isEmpty ? Int(clock.wallSeconds * 1000) % 1_000_000_000 * 100 : 0
        for number in 0..<(staged.isEmpty ? 12 : 0) {
            let wav = try WAVWriter(path: "\(staging)/\(first + number)", format: .station)
            try wav.append([Int16](repeating: Int16(number), count: 882))
            try wav.close()
        }
        let tracks = try Files.names(in: staging).compactMap { Int($0) }.sorted().map { number in
            let digits = String(number)
            return IncomingTrack(
                file: "\(staging)/\(number)", sha256: String(repeating: "0", count: 64 - digits.count) + digits,
                frames: 441, turn: number / 5, promptIndex: number / 5 % 3, title: "Import \(number)",
                provenance: provenance)
        }
        for track in tracks { try say("staged \(track.sha256)") }
        try timed(killedAfterMicroseconds) { _ = try buffer.takeIn(tracks) }
    }

    /// Without a kill, says how long it took.
    private func timed(_ killAfterMicroseconds: Int?, _ action: () throws -> Void) throws {
        if let killAfterMicroseconds {
            var event = sigevent()
            event.sigev_notify = Int32(SIGEV_SIGNAL)
            event.sigev_signo = SIGKILL
            var timer: timer_t?
            try retrying("timer_create") { timer_create(CLOCK_MONOTONIC, &event, &timer) }
            var when = itimerspec()
            when.it_value.tv_nsec = max(1, killAfterMicroseconds * 1000)
            try retrying("timer_settime") { timer_settime(timer, 0, &when, nil) }
            return try action()
        }
        let start = clock.monotonicSeconds
        try action()
        try say("took \(Int((clock.monotonicSeconds - start) * 1e6))")
    }

    /// Holds a slot, half written, until it is killed.
    func hold() throws {
        let reservation = try buffer.reserve()
        let wav = try WAVWriter(path: reservation.stagedFile, format: .station)
        try wav.append([Int16](repeating: 0, count: 1000))
        try say("holding \(reservation.number)")
        while reservation.isOpen { clock.sleep(seconds: 60) }
    }

    /// Fills a small disk to the last byte, says what each kind of write answers then, and goes on once there is room.
    func fill() throws {
        var held: [Reservation] = []
        for _ in 0..<12 {
            let reservation = try buffer.reserve()
            try write(reservation, frames: 441)
            held.append(reservation)
        }
        var committed = 0
        do {
            while true {
                try commit(try buffer.reserve(), frames: StationAudio.framesPerSecond)
                committed += 1
            }
        } catch BufferError.waitingForDiskSpace(let free, let needed) {
            print("waiting \(free < needed)")
        }
        let ballast = try fillUp()
        try told("wav") {
            let wav = try WAVWriter(path: held[0].stagedFile + ".more", format: .station)
            try wav.append([Int16](repeating: 0, count: 88_200))
        }
        try told("commit") {
            while let next = held.first {
                try commitStaged(next)
                held.removeFirst()
                committed += 1
            }
        }
        try told("mark") { try buffer.markConsumed(through: 1, airedAtWallSeconds: 0) }
        try told("reopen") { _ = try Writer(root: Files.parent(of: buffer.path), log: "/dev/null") }
        try Files.remove(ballast)
        try told("recovery") {
            for reservation in held {
                try commitStaged(reservation)
                committed += 1
            }
            try buffer.markConsumed(through: 2, airedAtWallSeconds: 0)
        }
        let repairs = try buffer.reconcile().repairs
        print("committed \(committed) ready \(try buffer.summary().readyTracks) repairs \(repairs.count)")
        for repair in repairs { print("repair \(repair)") }
    }

    private func told(_ name: String, _ action: () throws -> Void) throws {
        do {
            try action()
            print("\(name): worked")
        } catch {
            print("\(name): \(error)")
        }
    }

    /// Takes every byte that is left. Returns the file it made.
    private func fillUp() throws -> String {
        let path = Files.parent(of: buffer.path) + "/ballast"
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT)
        var size = 1 << 16
        while size > 0 {
            do throws(SystemError) {
                try file.write(all: [UInt8](repeating: 1, count: size))
            } catch {
                size /= 2
            }
        }
        return path
    }

    /// Writes one track more than RLIMIT_FSIZE lets it.
    func writeUnderFileSizeLimit() throws {
        signal(SIGXFSZ, SIG_IGN)
        try commit(try buffer.reserve(), frames: 441)
        let reservation = try buffer.reserve()
        let wav = try WAVWriter(path: reservation.stagedFile, format: .station)
        try wav.append([Int16](repeating: 7, count: 882))
        try wav.close()
        var limit = rlimit(rlim_cur: 300, rlim_max: 300)
        setrlimit(__rlimit_resource_t(1), &limit)
        do {
            try buffer.commit(reservation, frames: 441, title: "Over", provenance: provenance)
            print("committed")
        } catch {
            print("commit \(error)")
        }
        print("ready \(try buffer.summary().readyTracks) staged \(try Files.stamp(reservation.stagedFile) != nil)")
    }

    @discardableResult
    private func commit(_ reservation: Reservation, frames: Int) throws -> CommitOutcome {
        try write(reservation, frames: frames)
        return try buffer.commit(
            reservation, frames: frames, title: "Track \(reservation.number)", provenance: provenance)
    }

    private func write(_ reservation: Reservation, frames: Int) throws {
        let wav = try WAVWriter(path: reservation.stagedFile, format: .station)
        try wav.append([Int16](repeating: Int16(reservation.number % 1000), count: frames * 2))
        try wav.close()
    }

    private func commitStaged(_ reservation: Reservation) throws {
        try buffer.commit(reservation, frames: 441, title: "Track \(reservation.number)", provenance: provenance)
    }

    private var provenance: Provenance { Provenance(backend: "crash", seed: 1, renderSeconds: 0) }

    private func say(_ words: String) throws { try log.write(all: Array((words + "\n").utf8)) }
}
