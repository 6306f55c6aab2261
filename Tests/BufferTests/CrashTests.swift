import Buffer
import Domain
import FoundationEssentials
import Glibc
import Platform
import Testing

/// What CrashWriters said they had done, over all their lives.
private struct Claims {
    private(set) var committed: Set<Int> = []
    /// Tracks that went to the evergreen library because the feeder had passed them.
    private(set) var late: Set<Int> = []
    private(set) var consumedThrough = 0
    /// Microseconds that undisturbed changes took.
    private(set) var took: [Int] = []
    private var offsets: [String: Int] = [:]

    mutating func read(_ log: String) throws {
        let bytes = try Files.read(log, bytesMax: 1 << 24) ?? []
        let offset = offsets[log] ?? 0
        offsets[log] = bytes.count
        for line in String(decoding: bytes[offset...], as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            let number = try #require(words.count == 2 ? Int(words[1]) : nil, "\(line)")
            switch words[0] {
            case "committed":
                let isNew = committed.insert(number).inserted
                #expect(isNew, "slot \(number) was committed twice")
            case "consumed":
                #expect(number > consumedThrough, "\(number) aired after \(consumedThrough)")
                consumedThrough = number
            case "late": late.insert(number)
            case "took": took.append(number)
            default: break
            }
        }
    }
}

/// The metadata as a stranger reads it.
private struct PlainMetadata: Decodable {
    struct Track: Decodable {
        var number: Int
        var file: String
        var state: String
    }
    var tracks: [Track]
}

struct CrashTests {
    private let seed: UInt64
    private let scratch: Scratch
    private let rules = BufferRules.make(keepConsumed: 4, evergreenBytesMax: 100_000)

    init() throws {
        let given = ProcessInfo.processInfo.environment["BUFFER_CRASH_SEED"].flatMap { UInt64($0) }
        seed = given ?? UInt64.random(in: 1...999_999)
        scratch = try Scratch()
    }

    /// 24 + 30 + 20 + 30 = 104 kills.
    @Test(
        .timeLimit(.minutes(4)),
        arguments: [
            (["append"], 24), (["append", "append"], 15), (["append", "consume"], 10),
            (["append", "append", "consume"], 10),
        ])
    func `whatever is killed with signal 9, whenever, the buffer stays true`(modes: [String], rounds: Int) throws {
        print("BUFFER_CRASH_SEED=\(seed) for \(modes)")
        var random = SeededRandom(seed: seed)
        _ = try scratch.open(rules)
        let logs = modes.indices.map { "\(scratch.root)/log-\($0)" }
        var claims = Claims()
        var highest = 0
        for round in 0..<rounds {
            var alive = try zip(modes, logs).map { try CrashWriterProcess.start([scratch.root, $0, $1]) }
            defer { CrashWriterProcess.end(alive) }
            // At work, however slow the machine is, or on the way there.
            let lines = Int.random(in: 0...4, using: &random)
            try waitUntil(logs, grewBy: lines)
            SystemClock().sleep(seconds: Double.random(in: 0...0.02, using: &random))
            while !alive.isEmpty {
                SystemClock().sleep(seconds: Double.random(in: 0.0...0.01, using: &random))
                let victim = alive.remove(at: Int.random(in: 0..<alive.count, using: &random))
                #expect(victim.signal(SIGKILL), "it must have run until now")
                #expect(victim.wait(timeoutSeconds: 10) == .signal(SIGKILL))
                for log in logs { try claims.read(log) }
                try checkClaims(claims, "seed \(seed), round \(round), \(alive.count) alive")
            }
            let now = try checkEverything("seed \(seed), round \(round)")
            #expect(now >= highest, "numbers only grow")
            highest = now
        }
        #expect(claims.committed.count >= rounds, "too little happened")
        #expect(!modes.contains("consume") || claims.consumedThrough > 3, "too little aired")
        print(
            "\(modes): \(rounds * modes.count) kills, \(claims.committed.count) tracks, \(claims.consumedThrough) aired"
        )
    }

    @Test(.timeLimit(.minutes(4)), arguments: ["commit-once", "consume-once"])
    func `a change killed at any moment of it has happened or has not`(mode: String) throws {
        let log = scratch.root + "/log"
        var claims = Claims()
        for _ in 0..<6 {
            let child = try CrashWriterProcess.start([scratch.root, mode, log])
            try #require(child.wait(timeoutSeconds: 10) == .code(0))
        }
        try claims.read(log)
        // In consume-once the time of a commit stands before each time of a change; both are changes.
        let longest = try #require(claims.took.sorted().dropLast().last)
        var killed = 0
        let steps = 80
        for step in 0..<steps {
            let after = longest * step / steps
            let child = try CrashWriterProcess.start([scratch.root, mode, log, String(after)])
            let exit = try #require(child.wait(timeoutSeconds: 10))
            if exit == .signal(SIGKILL) { killed += 1 } else { #expect(exit == .code(0)) }
            try claims.read(log)
            try checkClaims(claims, "\(mode) killed after \(after) us")
            _ = try checkEverything("\(mode) killed after \(after) us")
        }
        print("\(mode): \(killed) of \(steps) killed within \(longest) us")
        #expect(killed > steps / 4, "the kills must fall into the change")
    }

    private func waitUntil(_ logs: [String], grewBy lines: Int) throws {
        func count() throws -> Int {
            try logs.reduce(0) { try $0 + (Files.read($1, bytesMax: 1 << 24) ?? []).count { $0 == 10 } }
        }
        let wanted = try count() + lines
        let deadline = SystemClock().monotonicSeconds + 20
        while try count() < wanted {
            try #require(SystemClock().monotonicSeconds < deadline, "the writers stand still")
            SystemClock().sleep(seconds: 0.001)
        }
    }

    /// Opens the Buffer; what it repairs must be what a kill may leave.
    private func reopen(_ when: String) throws -> BufferDirectory {
        let buffer = try scratch.open(rules)
        for repair in buffer.openingReport.repairs {
            switch repair {
            case .adopted, .temporaryRemoved, .stagedRemoved: break
            case .entryDropped(let file) where file.hasPrefix("evergreen/"): break
            default: Issue.record("a kill should not need this repair: \(repair): \(when)")
            }
        }
        return buffer
    }

    /// True also while others append and consume: what was claimed before is on the Buffer, or has aired since.
    private func checkClaims(_ claims: Claims, _ when: String) throws {
        let buffer = try reopen(when)
        let ready = try Set(buffer.numbers())
        let consumedThrough = try buffer.consumedThrough()
        let lost = claims.committed.filter { !ready.contains($0) && $0 > consumedThrough }
        try #require(lost.isEmpty, "lost \(lost.sorted()): \(when)")
        try #require(ready.isDisjoint(with: claims.late), "evergreen is ready again: \(when)")
        try #require(consumedThrough >= claims.consumedThrough, "\(when)")
        try #require(ready.allSatisfy { $0 > claims.consumedThrough }, "consumed is ready again: \(when)")
    }

    /// True when nobody else works on the Buffer. Returns the highest number.
    private func checkEverything(_ when: String) throws -> Int {
        let buffer = try reopen(when)
        try #require(buffer.openingReport.foreign.isEmpty, "\(when)")
        try #require(try scratch.open(rules).openingReport.isClean, "repaired once is repaired: \(when)")
        let plain = try StationJSON.decode(PlainMetadata.self, from: Data(scratch.read(scratch.metadata)))
        let files = try scratch.chunks()
        try #require(plain.tracks.map(\.file).sorted() == files, "an entry for each file: \(when)")
        try #require(Set(plain.tracks.map(\.number)).count == plain.tracks.count, "\(when)")
        let ready = try buffer.ready(limit: .max)
        try #require(plain.tracks.filter { $0.state == "ready" }.map(\.number) == ready.map(\.number), "\(when)")
        for track in ready {
            let turn = (track.promptIndex, track.positionInPrompt)
            try #require(turn == ((track.number - 1) / 5 % 3, (track.number - 1) % 5), "rotation: \(when)")
            let sound = try WAVReader(path: track.path, format: .station).read(at: 440, count: 2)
            try #require(sound == [Int16(track.number % 1000), Int16(track.number % 1000)], "\(when)")
        }
        try #require(plain.tracks.filter { $0.state == "consumed" }.count <= 4, "\(when)")
        return max(ready.last?.number ?? 0, try buffer.consumedThrough())
    }
}
