internal import FoundationEssentials
internal import Glibc
internal import Platform

/// What was measured of a track as it came from a backend.
struct SourceMeasurements {
    var seconds: Double
    var hertz: Int
    var channels: Int
    /// At the source's own level, mixed down to stereo.
    var lufs: Double
    /// At the source's own level, mixed down to stereo.
    var truePeakDbtp: Double
    /// The file measured, and how much of it may be decoded.
    var input: [String]
}

/// Measures a source and refuses what no normalising could mend.
struct SourceMeter {
    let ffmpeg: FFmpeg
    let rules: AdmissionRules
    let file: String
    /// The length wanted.
    let seconds: Double

    /// What the station can tell about levels in one go; outside of it the meter's own bounds are near.
    private static let usualPeakDb = -30.0...6.0

    private var input: [String] {
        // Enough to tell that it is too long, and no more: a small file can hold days.
        FFmpeg.input(file, secondsMax: seconds + 2 * rules.lengthSlackSeconds(expected: seconds) + 1)
    }

    private var limits: ToolLimits { ToolLimits(seconds: max(60, seconds * 2)) }

    /// - Throws: `.refused`, `.cancelled`, `.tool`.
    func measure(cancellation: Cancellation) throws(BackendError) -> SourceMeasurements {
        let stream = try probe(cancellation: cancellation)
        var report = try decode(preGainDb: 0, cancellation: cancellation)
        let length = Double(try value(report.overall("Number of samples"))) / Double(stream.hertz)
        try refuseDamage(report, length: length, stream: stream)

        // The loudness meter counts nothing below -70 LUFS and nothing above +10: a level far off is measured again
        // after the peak has been brought to full scale.
        let peak = try value(report.overall("Peak level dB"))
        let preGainDb = Self.usualPeakDb.contains(peak) ? 0 : -peak
        if preGainDb != 0 { report = try decode(preGainDb: preGainDb, cancellation: cancellation) }
        let metered = try value(report.integratedLufs)
        if metered <= -69.9 { throw .refused(.silent) }
        let lufs = metered - preGainDb
        let gainDb = rules.loudnessLufs - lufs
        if gainDb > rules.gainDbMax {
            throw .refused(.tooQuiet(lufs: lufs, gainDb: gainDb, gainDbMax: rules.gainDbMax))
        }
        try refuseShape(report, channels: stream.channels)
        return SourceMeasurements(
            seconds: length, hertz: stream.hertz, channels: stream.channels, lufs: lufs,
            truePeakDbtp: try value(report.truePeakDbtp) - preGainDb, input: input)
    }

    private struct Stream {
        var hertz: Int
        var channels: Int
        /// What the file itself says of its length; nil where that is only an estimate.
        var announcedSeconds: Double?
    }

    /// What `ffprobe` prints as JSON.
    private struct Probe: Decodable {
        struct Stream: Decodable {
            var sampleRate: String?
            var channels: Int?
            var duration: String?
        }
        struct Format: Decodable { var formatName: String? }
        var streams: [Stream]?
        var format: Format?
    }

    private func probe(cancellation: Cancellation) throws(BackendError) -> Stream {
        let said: ToolOutput
        do throws(BackendError) {
            said = try ffmpeg.run(
                ffmpeg.ffprobe,
                [
                    "-v", "error", "-select_streams", "a:0", "-show_entries",
                    "stream=sample_rate,channels,duration:format=format_name",
                ]
                    + ["-of", "json", "-protocol_whitelist", "file", "-i", "file:\(file)"],
                limits: ToolLimits(seconds: 60),
                cancellation: cancellation)
        } catch {
            guard case .tool(.failed(_, _, _, let lastLines)) = error else { throw error }
            throw .refused(.notAudio(why: Self.words(lastLines)))
        }
        guard let probe = try? StationJSON.decode(Probe.self, from: Data(said.stdout)) else {
            throw .unexpectedOutput(path: file, why: "ffprobe said '\(said.stdoutText)'")
        }
        guard let stream = probe.streams?.first, let hertz = stream.sampleRate.flatMap({ Int($0) }),
            let channels = stream.channels, hertz > 0, channels > 0
        else { throw .refused(.notAudio(why: "it has no audio stream")) }
        if hertz < rules.sampleRateMinHertz {
            throw .refused(.sampleRateTooLow(hertz: hertz, lowestHertz: rules.sampleRateMinHertz))
        }
        if channels > rules.channelsMax {
            throw .refused(.tooManyChannels(channels: channels, most: rules.channelsMax))
        }
        // Of bare MPEG streams the length is guessed from the bit rate.
        let isGuess = ["mp3", "aac", "loas"].contains(probe.format?.formatName ?? "")
        return Stream(
            hertz: hertz, channels: channels, announcedSeconds: isGuess ? nil : stream.duration.flatMap { Double($0) })
    }

    /// Decodes everything through the meters.
    private func decode(preGainDb: Double, cancellation: Cancellation) throws(BackendError) -> FFmpegReport {
        let overall = [
            "Number_of_samples", "Number_of_NaNs", "Number_of_Infs", "Peak_level", "Peak_count", "Flat_factor",
            "DC_offset",
        ].joined(separator: "+")
        // astats first: it must see the samples as they are.
        let chain = [
            "astats=measure_perchannel=RMS_level:measure_overall=\(overall)",
            FFmpeg.byCount, preGainDb == 0 ? "anull" : "volume=volume=\(preGainDb)dB:precision=double",
            ffmpeg.toStationFloats,
            "ebur128=peak=true:framelog=verbose",
        ].joined(separator: ",")
        do throws(BackendError) {
            let said = try ffmpeg.run(
                ffmpeg.ffmpeg, FFmpeg.quietly + input + ["-map", "0:a:0", "-af", chain, "-f", "null", "-"],
                limits: limits, cancellation: cancellation)
            return FFmpegReport(said.stderrText)
        } catch {
            guard case .tool(.failed(_, _, _, let lastLines)) = error else { throw error }
            throw .refused(.cannotDecode(why: Self.words(lastLines)))
        }
    }

    private func refuseDamage(
        _ report: FFmpegReport, length: Double, stream: Stream
    ) throws(BackendError) {
        if length <= 0 { throw .refused(.empty) }
        // astats divides by the channels.
        let odd = (report.overall("Number of NaNs") ?? 0) + (report.overall("Number of Infs") ?? 0)
        if odd > 0 { throw .refused(.notNumbers(samples: Int((odd * Double(stream.channels)).rounded()))) }
        guard rules.allowsLength(length, expected: seconds) else {
            throw .refused(
                length < seconds
                    ? .tooShort(seconds: length, expectedSeconds: seconds)
                    : .tooLong(seconds: length, expectedSeconds: seconds))
        }
        // Some decoders pass over what they cannot read without a word.
        if let announced = stream.announcedSeconds, announced - length > 0.05 {
            throw .refused(.cannotDecode(why: "only \(length) s of the \(announced) s in it can be read"))
        }
        if try value(report.overall("Peak level dB")) == -.infinity { throw .refused(.silent) }
    }

    private func refuseShape(_ report: FFmpegReport, channels: Int) throws(BackendError) {
        // Flat factor is 20 log10 of the mean run at the peak: 3 dB is a run of 1.4 samples. A lone sample at the
        // peak, however often, is no clipping.
        let flat = try value(report.overall("Flat factor"))
        let share = 100 * (try value(report.overall("Peak count"))) / (try value(report.overall("Number of samples")))
        if flat > 3, share > rules.clippedPercentMax {
            throw .refused(.clipped(percentOfSamples: share, percentMax: rules.clippedPercentMax))
        }
        let peak = pow(10, try value(report.overall("Peak level dB")) / 20)
        let offset = 100 * (try value(report.overall("DC offset"))).magnitude / peak
        if offset > rules.offsetPercentMax {
            throw .refused(.offset(percentOfPeak: offset, percentMax: rules.offsetPercentMax))
        }
        let levels = report.perChannel("RMS level dB")
        if channels == 2, levels.count == 2 {
            let below = (levels[0] - levels[1]).magnitude
            if below > rules.deadChannelDb {
                throw .refused(.deadChannel(channel: levels[0] < levels[1] ? 1 : 2, belowOthersDb: below))
            }
        }
    }

    private func value(_ value: Double?) throws(BackendError) -> Double {
        guard let value else { throw .unexpectedOutput(path: file, why: "ffmpeg did not print what it measured") }
        return value
    }

    private static func words(_ lines: [String]) -> String { lines.last ?? "no reason given" }
}
