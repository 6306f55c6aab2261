import Config
import Domain
import Glibc
import Platform
import Synth

/// How fast the synth composes.
enum SynthSpeed {
    static func measure(_ bench: Workbench) throws -> Table {
        let settings = bench.settings
        var table = Table(
            "The synth",
            "Seconds of music for each CPU second of one thread, in chunks of \(settings.synthSeconds.text(0)) s;"
                + " median (least–most) of \(settings.synthRuns) seeds.",
            columns: ["prompt", "music s per CPU s"])
        var medians: [Double] = []
        var least = Double.infinity
        for prompt in Prompt.stationDefaults {
            bench.say("synth: \(prompt.name)")
            let speeds = try (0..<settings.synthRuns).map { run in
                if bench.pace.stop.isGiven { throw Pace.Interrupted() }
                return settings.synthSeconds / cpuSeconds(prompt, seconds: settings.synthSeconds, run: run)
            }
            let spread = Spread(speeds)
            medians.append(spread.median)
            least = min(least, spread.least)
            table.add("\(prompt.index) \(prompt.name)", spread.text(decimals: 1))
        }
        table.add("**median of the ten**", "**\(Spread(medians).median.text(1))**")
        table.add("**slowest chunk**", "**\(least.text(1))**")
        return table
    }

    private static func cpuSeconds(_ prompt: Prompt, seconds: Double, run: Int) -> Double {
        let request = SynthRequest(
            promptIndex: prompt.index, promptText: prompt.text, seed: UInt64(run + 1), chunkIndex: run,
            frames: StationAudio.frames(inSeconds: seconds))
        let before = CPUClock.thread
        _ = SynthEngine.render(request, isCancelled: { false }, progress: { _ in })
        return CPUClock.thread - before
    }
}

/// CPU time that has been used.
enum CPUClock {
    /// By this thread, in seconds.
    static var thread: Double {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    /// By children of this process that have ended and were waited for, in seconds.
    static var children: Double {
        var usage = rusage()
        getrusage(RUSAGE_CHILDREN.rawValue, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
