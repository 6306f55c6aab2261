import Domain
import Encoder
import Platform

/// What a streamed minute costs: the station beside one ffmpeg that encodes the picture again and again.
enum StreamingCost {
    static func measure(_ bench: Workbench) throws -> Table {
        let settings = bench.settings
        let track = try bench.music()
        let animation = try bench.animation()
        return try Sink.open(in: bench.directory) { sink in
            bench.say("streaming cost: the station")
            let root = try bench.stationRoot("streaming")
            let seconds =
                settings.pipelineWarmUpSeconds + Double(settings.pipelineWindows + 1) * settings.pipelineWindowSeconds
            try Station.stock(root, with: track, seconds: seconds + 60)
            let trackSeconds = Int(settings.admissionSeconds)
            let config =
                StationText.generators(0, trackSeconds: trackSeconds) + StationText.dashboard
                + StationText.destination(sink.url("station"))
            let station = try Station.run(bench, root: root, config: config) { station in
                try windows(bench, root: station.pid) { sink.bytesReceived("station") }
            }
            bench.say("streaming cost: one ffmpeg")
            let naive = try runNaive(bench, animation: animation, music: track, url: sink.url("naive")) { pid in
                try windows(bench, root: pid) { sink.bytesReceived("naive") }
            }
            return table(settings, station: station, naive: naive, sink: sink)
        }
    }

    /// One stretch of streaming.
    private struct Window {
        /// By role.
        var cpuSecondsAMinute: [String: Double]
        var kilobitsASecond: Double
        var total: Double { cpuSecondsAMinute.values.reduce(0, +) }
    }

    private static func windows(
        _ bench: Workbench, root: Int32, received: () -> Int
    ) throws -> [Window] {
        try bench.pace.wait(seconds: bench.settings.pipelineWarmUpSeconds)
        var before = (tree: ProcessTree(root: root), bytes: received())
        return try (0..<bench.settings.pipelineWindows).map { _ in
            try bench.pace.wait(seconds: bench.settings.pipelineWindowSeconds)
            let after = (tree: ProcessTree(root: root), bytes: received())
            defer { before = after }
            let seconds = after.tree.atSeconds - before.tree.atSeconds
            let earlier = before.tree.cpuSecondsByRole
            // A role that has ended went into its parent's figure: then its own falls and the parent's rises.
            let roles = Set(earlier.keys).union(after.tree.cpuSecondsByRole.keys)
            let later = after.tree.cpuSecondsByRole
            let spent = roles.map { ($0, ((later[$0] ?? 0) - (earlier[$0] ?? 0)) / seconds * 60) }
            return Window(
                cpuSecondsAMinute: Dictionary(spent, uniquingKeysWith: +),
                kilobitsASecond: Double(after.bytes - before.bytes) * 8 / 1000 / seconds)
        }
    }

    /// What is found in many a forum: decode the loop, encode it, send it.
    private static func runNaive<Result>(
        _ bench: Workbench, animation: String, music: String, url: String, _ body: (Int32) throws -> Result
    ) throws -> Result {
        let picture = Workbench.picture
        let rate = "\(picture.videoKbps)k"
        let arguments =
            ["-hide_banner", "-loglevel", "error", "-nostats", "-nostdin", "-y"]
            + ["-re", "-stream_loop", "-1", "-i", animation, "-re", "-stream_loop", "-1", "-i", music]
            + ["-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
            + ["-b:v", rate, "-maxrate", rate, "-bufsize", "\(2 * picture.videoKbps)k"]
            + ["-g", "\(2 * picture.framesPerSecond)", "-c:a", "aac", "-b:a", "\(Workbench.audioKbps)k"]
            + ["-f", "flv", url]
        let process = try ChildProcess(
            path: try bench.ffmpeg().path, arguments: arguments, environment: ["PATH": bench.searchPath],
            descriptors: [nil, nil, 2], newSession: true)
        defer {
            process.signalGroup(9)
            _ = process.wait(timeoutSeconds: 5)
        }
        return try body(process.pid)
    }

    private static func table(_ settings: Settings, station: [Window], naive: [Window], sink: Sink) -> Table {
        let picture = Workbench.picture
        let minutes = (Double(settings.pipelineWindows) * settings.pipelineWindowSeconds / 60).text(1)
        var table = Table(
            "A streamed minute",
            "CPU seconds (user and system, all processes) for each minute of \(picture.width)x\(picture.height) at"
                + " \(picture.framesPerSecond) frames/s, \(picture.videoKbps) + \(Workbench.audioKbps) kbit/s, in real"
                + " time to \(sink.kind); \(minutes) minutes each, one after the other, the server's own time not"
                + " counted. The station plays from its Buffer: no generator, the dashboard on with nobody watching,"
                + " and it also makes its local HLS, which the other does not. The other is one"
                + " `ffmpeg -re -stream_loop -1 -i loop.mp4 -re -stream_loop -1 -i music.wav -c:v libx264"
                + " -preset veryfast -c:a aac -f flv`. Median (least–most) of windows of"
                + " \(settings.pipelineWindowSeconds.text(0)) s.",
            columns: ["what", "CPU s per minute", "% of one core", "kbit/s received"])
        func add(_ name: String, _ values: [Double], _ rates: [Double]? = nil) {
            let spread = Spread(values)
            table.add(
                name, spread.text(decimals: 2), (spread.median / 0.6).text(1),
                rates.map { Spread($0).median.text(0) } ?? "")
        }
        add("the station", station.map(\.total), station.map(\.kilobitsASecond))
        for role in Set(station.flatMap(\.cpuSecondsAMinute.keys)).sorted() {
            add("· of it \(role)", station.map { $0.cpuSecondsAMinute[role] ?? 0 })
        }
        add("one ffmpeg that encodes", naive.map(\.total), naive.map(\.kilobitsASecond))
        let ratio = Spread(naive.map(\.total)).median / Spread(station.map(\.total)).median
        table.add("**one ffmpeg : the station**", "**\(ratio.text(1)) : 1**", "", "")
        return table
    }
}
