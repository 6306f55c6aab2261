/// How many generators the machine can bear: the bound of `ctl scale generator N`.
public enum GeneratorRoom {
    /// What one needs where none runs that could be asked.
    private static let residentBytesUsual = 256 << 20
    /// Left alone for everybody else.
    private static let memoryReserveBytes = 256 << 20

    /// - Parameters:
    ///   - residentBytesEach: of a generator that runs; nil when none does.
    ///   - level: the governor's.
    /// - Returns: the most there may be, and why not more.
    public static func most(_ reading: LoadReading, residentBytesEach: Int?, level: Int) -> (count: Int, reason: String)
    {
        let running = reading.generators.count
        if level > 0, reading.generatorsWanted >= 1 {
            return (
                max(1, min(running, reading.generatorsWanted)), "generators are held back already, processors are short"
            )
        }
        // One composes with one thread and has ffmpeg check its track: more of them than processors make no more music.
        var bound = (
            count: max(1, reading.processors),
            reason: reading.processors == 1 ? "there is 1 processor" : "there are \(reading.processors) processors"
        )
        if let available = reading.memoryAvailableBytes {
            let each = max(residentBytesEach ?? residentBytesUsual, 1 << 20)
            let more = max(0, available - memoryReserveBytes) / each
            if running + more < bound.count {
                bound = (max(1, running + more), "there is memory for \(max(1, running + more))")
            }
        }
        return bound
    }
}
