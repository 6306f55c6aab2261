import Backends
import Config
import Domain
import Platform

/// What one track costs from the prompt to a file that may enter the Buffer.
enum AdmissionCost {
    static func measure(_ bench: Workbench) throws -> Table {
        let settings = bench.settings
        let admission = Admission(ffmpeg: try FFmpeg(searchPath: bench.searchPath))
        let directory = "\(bench.directory)/admission"
        try Files.makeDirectory(directory)
        var synth: [Double] = []
        var checking: [Double] = []
        for number in 0..<settings.admissionTracks {
            if bench.pace.stop.isGiven { throw Pace.Interrupted() }
            bench.say("admission: track \(number + 1)")
            let request = TrackRequest(
                prompt: Prompt.stationDefaults[number * 2 % 10], number: number, positionInPrompt: 1,
                seconds: settings.admissionSeconds, seed: UInt64(number + 1))
            var before = CPUClock.thread
            let rendered = try SynthBackend(clock: SystemClock()).generate(
                request, into: directory, cancellation: Cancellation(), progress: { _ in })
            synth.append(CPUClock.thread - before)
            before = CPUClock.thread + CPUClock.children
            _ = try admission.admit(
                rendered.file, seconds: request.seconds, to: "\(directory)/admitted.wav", cancellation: Cancellation())
            checking.append(CPUClock.thread + CPUClock.children - before)
        }
        var table = Table(
            "One track through admission",
            "CPU seconds for a track of \(settings.admissionSeconds.text(0)) s: composing and rendering it, writing"
                + " the file; then admission (measuring, normalising, fingerprint, checksum: mostly ffmpeg, whose time"
                + " counts). Median (least–most) of \(settings.admissionTracks) tracks.",
            columns: ["what", "CPU s per track"])
        table.add("synth", Spread(synth).text(decimals: 2))
        table.add("admission", Spread(checking).text(decimals: 2))
        table.add("both", Spread(zip(synth, checking).map(+)).text(decimals: 2))
        let share = Spread(checking).median / Spread(synth).median
        table.add("**admission : synth**", "**\(share.text(2)) : 1**")
        return table
    }
}
