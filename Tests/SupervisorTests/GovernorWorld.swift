import Config
import Domain
import IPC
import Testing

@testable import Supervisor

/// Plays the world around a governor on a virtual clock: generators that are reniced, stopped and taken away. After
/// every step it holds what the governor promises.
struct GovernorWorld {
    struct Generator {
        /// As it was born: 10.
        var nice: Int32 = 10
        var tuning = WorkerTuning()
        var stoppedSince: Double?
    }

    var governor: Governor
    var now = 1000.0
    var wanted: Int
    var generators: [WorkerName: Generator] = [:]
    var limit: Int?
    var said: [String] = []
    /// When each change of the level was, and to what.
    var changes: [(at: Double, level: Int)] = []
    /// What a `.nice` is answered with.
    var niceFailure: Governor.Failure?
    var stops = 0
    private var mayStop = true
    private var lateAt = -Double.infinity

    init(_ policy: LoadPolicy = .balanced, generators: Int = 1) {
        governor = Governor(policy: GovernorPolicy(policy))
        wanted = generators
        for index in 1...generators { join(WorkerName(.generator, index: index)) }
    }

    var level: Int { governor.level }
    var first: Generator { generators[WorkerName(.generator)] ?? Generator() }

    mutating func join(_ name: WorkerName) {
        generators[name] = Generator()
        perform(governor.joined(name, now: now))
    }

    mutating func leave(_ name: WorkerName) {
        perform(governor.left(name))
        #expect(generators[name]?.stoppedSince == nil, "\(name) was left stopped")
        generators[name] = nil
    }

    mutating func letGo() { perform(governor.letGo()) }

    /// Lets `seconds` pass with readings like `reading`, and with every tick at its time.
    mutating func pass(seconds: Double, _ reading: LoadReading) {
        let end = now + seconds
        while now < end {
            let next = min(end, now + 1)
            while let due = governor.deadline, due <= next {
                now = max(now, due)
                perform(governor.tick(now: now))
            }
            now = next
            var reading = reading
            reading.now = now
            reading.generatorsWanted = wanted
            turn(reading)
        }
    }

    private mutating func turn(_ reading: LoadReading) {
        if (reading.latenessSeconds ?? 0) >= governor.policy.lateSeconds { lateAt = now }
        let isShort = reading.bufferHealth == .emergency || reading.bufferHealth == .depleted
        let before = level
        perform(governor.turn(reading))
        mayStop = !isShort || now - lateAt <= governor.policy.calmSecondsMax
        if isShort, lateAt == -.infinity { #expect(level <= 1, "held back although the music runs out") }
        if level != before {
            // Fewer generators wanted are fewer levels.
            let isCut = level == GovernorRestraint.levelMax(wanted: wanted)
            #expect(abs(level - before) == 1 || isShort || isCut, "from \(before) to \(level) at once")
            changes.append((now, level))
        }
        #expect(level >= 0 && level <= GovernorRestraint.levelMax(wanted: wanted))
        for (name, generator) in generators {
            guard let since = generator.stoppedSince else { continue }
            #expect(level >= 3, "\(name) is stopped at level \(level)")
            #expect(now - since <= 2, "\(name) is stopped for \(now - since) s")
        }
    }

    private mutating func perform(_ actions: [Governor.Action]) {
        for action in actions {
            switch action {
            case .nice(let name, let nice):
                #expect(name.role == .generator)
                if let niceFailure {
                    perform(governor.failed(action, niceFailure))
                } else {
                    generators[name]?.nice = nice ?? 10
                }
            case .tune(let name, let tuning): generators[name]?.tuning = tuning
            case .hold(let name):
                #expect(name.role == .generator && mayStop)
                stops += 1
                let since = generators[name]?.stoppedSince ?? now
                generators[name]?.stoppedSince = since
            case .goOn(let name): generators[name]?.stoppedSince = nil
            case .limit(let most): limit = most
            case .say(let words): said.append(words)
            }
        }
    }
}

extension LoadReading {
    /// A machine that is busy with generators alone: it is full, all that counts waiting tasks says so, and the air
    /// does not notice.
    static func full(generators: Int = 1) -> LoadReading {
        LoadReading(
            now: 0, cpuPercent: 100, loadAverage: 12, processors: 2, pressurePercent: 98, latenessSeconds: 0.033,
            airWaitSecondsPerSecond: 0.07,
            generators: (1...generators).map {
                Generator(WorkerName(.generator, index: $0), cpuPercent: 190 / Double(generators))
            }, bufferHealth: .healthy)
    }

    static func strained(generators: Int = 1) -> LoadReading {
        var reading = full(generators: generators)
        reading.airWaitSecondsPerSecond = 1.2
        return reading
    }

    static func late(generators: Int = 1) -> LoadReading {
        var reading = full(generators: generators)
        reading.latenessSeconds = 0.3
        reading.airWaitSecondsPerSecond = 1.4
        return reading
    }
}
