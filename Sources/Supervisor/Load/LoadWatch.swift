public import Domain
internal import Platform

/// Takes the machine's figures once a second: some dozens of small files under /proc, nothing that waits.
public struct LoadWatch {
    private struct Sample {
        var at: Double
        var machine: MachineLoad
        /// Of each generator, by process.
        var cpuSeconds: [Int32: Double]
        /// Of each thread of the air, nanoseconds.
        var waits: [Int32: UInt64]
    }

    private var last: Sample?
    private var reading: LoadReading?
    private var latenessSeconds: Double?

    public init() {}

    /// What a report of the encoder says; the worst until the next look counts.
    public mutating func note(latenessSeconds lateness: Double?) {
        guard let lateness, lateness.isFinite else { return }
        latenessSeconds = max(latenessSeconds ?? 0, lateness)
    }

    /// The figures since the last look.
    /// - Parameters:
    ///   - air: the processes of the encoder and the feeder.
    ///   - generators: those that run, by process.
    ///   - wanted: how many generators the operator wants.
    public mutating func look(
        now: Double, air: [Int32], generators: [(name: WorkerName, pid: Int32)], wanted: Int,
        bufferHealth: BufferHealth?
    ) -> LoadReading {
        let machine = MachineLoad()
        let sample = Sample(
            at: now, machine: machine,
            cpuSeconds: Dictionary(
                generators.map { ($0.pid, ProcessFamily(of: $0.pid).cpuSeconds) }, uniquingKeysWith: { $1 }),
            waits: air.reduce(into: [:]) { waits, pid in
                waits.merge(ProcessFamily(of: pid).waits.mapValues(\.nanoseconds)) { $1 }
            })
        let before = last
        let seconds = before.map { max(0.001, now - $0.at) }
        let taken = LoadReading(
            now: now, cpuPercent: before.flatMap { machine.cpuPercent(since: $0.machine) } ?? 0,
            loadAverage: machine.loadAverage ?? 0, processors: machine.cpusAllowed,
            pressurePercent: machine.cpuPressure?.someAvg10,
            cgroupPressurePercent: machine.group?.cpuPressure?.someAvg10, latenessSeconds: latenessSeconds,
            airWaitSecondsPerSecond: Self.wait(from: before, to: sample, seconds: seconds),
            generators: generators.map { generator in
                let used = (sample.cpuSeconds[generator.pid] ?? 0) - (before?.cpuSeconds[generator.pid] ?? .infinity)
                return LoadReading.Generator(
                    generator.name, cpuPercent: max(0, used) / (seconds ?? .infinity) * 100)
            }, generatorsWanted: wanted, bufferHealth: bufferHealth, memoryAvailableBytes: machine.memoryAvailableBytes)
        latenessSeconds = nil
        last = sample
        reading = taken
        return taken
    }

    /// What `ctl status` shows of the last look; nil before the first.
    public func status(_ governor: Governor) -> LoadStatus? {
        reading.map {
            LoadStatus(
                cpuPercent: $0.cpuPercent, loadAverage: $0.loadAverage, pressurePercent: $0.pressurePercent,
                latenessSeconds: $0.latenessSeconds, throttleLevel: governor.level, throttle: governor.words)
        }
    }

    /// A thread that is new has waited all its waits since the last look.
    private static func wait(from before: Sample?, to now: Sample, seconds: Double?) -> Double? {
        guard let before, let seconds, !now.waits.isEmpty, !before.waits.isEmpty else { return nil }
        let nanoseconds = now.waits.reduce(0.0) { sum, thread in
            let earlier = before.waits[thread.key] ?? 0
            return sum + (thread.value > earlier ? Double(thread.value - earlier) : 0)
        }
        return nanoseconds / 1e9 / seconds
    }
}
