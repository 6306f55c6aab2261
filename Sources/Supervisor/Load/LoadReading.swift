public import Domain

/// What the machine has to bear, as of one moment; `LoadWatch` takes it once a second.
public struct LoadReading: Sendable, Equatable {
    public struct Generator: Sendable, Equatable {
        public var name: WorkerName
        /// With its tools, in per cent of one processor.
        public var cpuPercent: Double

        public init(_ name: WorkerName, cpuPercent: Double) {
            self.name = name
            self.cpuPercent = cpuPercent
        }
    }

    /// Monotonic seconds.
    public var now: Double
    /// Of all processors, 0...100.
    public var cpuPercent: Double
    /// Over a minute.
    public var loadAverage: Double
    /// On how many the station may run.
    public var processors: Int
    /// PSI `cpu some avg10` of the machine, 0...100.
    public var pressurePercent: Double?
    /// The same of the station's own cgroup.
    public var cgroupPressurePercent: Double?
    /// How late the encoder's frames were at worst since the last reading; nil off the air.
    public var latenessSeconds: Double?
    /// Seconds in which threads of the encoder, the feeder and their tools could have run and had no processor, summed
    /// up, for each second; nil where the kernel does not count.
    public var airWaitSecondsPerSecond: Double?
    /// Those that run.
    public var generators: [Generator]
    /// How many the operator wants.
    public var generatorsWanted: Int
    public var bufferHealth: BufferHealth?
    public var memoryAvailableBytes: Int?

    public init(
        now: Double, cpuPercent: Double = 0, loadAverage: Double = 0, processors: Int = 1,
        pressurePercent: Double? = nil, cgroupPressurePercent: Double? = nil, latenessSeconds: Double? = nil,
        airWaitSecondsPerSecond: Double? = nil, generators: [Generator] = [], generatorsWanted: Int = 1,
        bufferHealth: BufferHealth? = nil, memoryAvailableBytes: Int? = nil
    ) {
        self.now = now
        self.cpuPercent = cpuPercent
        self.loadAverage = loadAverage
        self.processors = processors
        self.pressurePercent = pressurePercent
        self.cgroupPressurePercent = cgroupPressurePercent
        self.latenessSeconds = latenessSeconds
        self.airWaitSecondsPerSecond = airWaitSecondsPerSecond
        self.generators = generators
        self.generatorsWanted = generatorsWanted
        self.bufferHealth = bufferHealth
        self.memoryAvailableBytes = memoryAvailableBytes
    }

    /// What all generators use together, in per cent of one processor.
    var generatorsPercent: Double { generators.reduce(0) { $0 + $1.cpuPercent } }

    /// What everything but the generators uses, of all processors, 0...100.
    var othersPercent: Double { max(0, cpuPercent - generatorsPercent / Double(max(1, processors))) }
}
