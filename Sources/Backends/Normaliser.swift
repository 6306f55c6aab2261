internal import Domain
internal import Platform

/// Brings one measured source to the station's canonical form.
struct Normaliser {
    let ffmpeg: FFmpeg
    let rules: AdmissionRules
    let source: SourceMeasurements
    let frames: Int
    let output: String

    /// What was written, measured on the samples that were written.
    struct Sound {
        var lufs: Double
        var truePeakDbtp: Double
        var longestSilence: (at: Double, seconds: Double)?
        var gainDb: Double
        var limited: Bool
        /// Raw; empty without chromaprint.
        var fingerprint: [UInt8]
    }

    private struct Setting {
        var gainDb: Double
        /// Nil: no limiter.
        var limitDbtp: Double?
    }

    /// ffmpeg prints tenths.
    private static let meterError = 0.05
    /// Turns of limiting harder and turning up again before giving up. A track that needs no limiter takes one.
    private static let turnsMax = 6

    /// - Throws: `.refused(.loudnessOutOfReach)`, `.cancelled`, `.tool`, `.unexpectedOutput`.
    func normalise(cancellation: Cancellation) throws(BackendError) -> Sound {
        let ceiling = rules.truePeakCeilingDbtp
        var setting = Setting(gainDb: rules.loudnessLufs - source.lufs)
        if source.truePeakDbtp + setting.gainDb > ceiling - 2 * Self.meterError { setting.limitDbtp = ceiling - 0.3 }
        var last: Sound?
        for _ in 0..<Self.turnsMax {
            let sound = try render(setting, cancellation: cancellation)
            let missing = rules.loudnessLufs - sound.lufs
            let over = sound.truePeakDbtp - (ceiling + Self.meterError)
            // Half of what is allowed, so that the next build's meter agrees.
            if over <= 0, missing.magnitude <= rules.loudnessToleranceLu / 2 {
                try verifyFile()
                return sound
            }
            last = sound
            if over > 0 { setting.limitDbtp = (setting.limitDbtp ?? ceiling) - over - 0.2 }
            setting.gainDb += missing
        }
        if let last, last.truePeakDbtp <= ceiling + Self.meterError,
            (last.lufs - rules.loudnessLufs).magnitude <= rules.loudnessToleranceLu
        {
            try verifyFile()
            return last
        }
        throw .refused(
            .loudnessOutOfReach(
                lufs: last?.lufs ?? source.lufs, targetLufs: rules.loudnessLufs,
                truePeakDbtp: last?.truePeakDbtp ?? source.truePeakDbtp))
    }

    private func render(_ setting: Setting, cancellation: Cancellation) throws(BackendError) -> Sound {
        let graph =
            "[0:a:0]\(chain(setting)),asplit=\(ffmpeg.hasChromaprint ? 3 : 2)[out][meter]"
            + (ffmpeg.hasChromaprint ? "[print]" : "")
            + ";[meter]ebur128=peak=true:framelog=verbose,silencedetect=noise=\(rules.silenceDb)dB:duration=0.5,anullsink"
        var arguments = FFmpeg.quietly + ["-y"] + source.input + ["-filter_complex", graph, "-map", "[out]"]
        // No dates, names or tags: the same sound is the same bytes, behind the plain header of 44 bytes.
        arguments += ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
        arguments += ["-c:a", "pcm_s16le", "-f", "wav", "file:\(output)"]
        if ffmpeg.hasChromaprint {
            arguments += ["-map", "[print]", "-c:a", "pcm_s16le", "-f", "chromaprint", "-fp_format", "raw", "pipe:1"]
        }
        let seconds = StationAudio.seconds(ofFrames: frames)
        let said = try ffmpeg.run(
            ffmpeg.ffmpeg, arguments, limits: ToolLimits(seconds: max(60, seconds * 3)), cancellation: cancellation)
        let report = FFmpegReport(said.stderrText)
        guard let lufs = report.integratedLufs, let truePeak = report.truePeakDbtp else {
            throw .unexpectedOutput(path: output, why: "ffmpeg did not print what it measured")
        }
        return Sound(
            lufs: lufs, truePeakDbtp: truePeak,
            longestSilence: report.silences(end: seconds).max { $0.seconds < $1.seconds }, gainDb: setting.gainDb,
            limited: setting.limitDbtp != nil, fingerprint: said.stdout)
    }

    /// Gain, station's rate and channels, limiter, edge, 16 bits, exact length.
    private func chain(_ setting: Setting) -> String {
        var filters = [
            FFmpeg.byCount, "volume=volume=\(setting.gainDb)dB:precision=double", ffmpeg.toStationFloats,
        ]
        if let limitDbtp = setting.limitDbtp {
            // Four times the rate: what a converter would make of the samples stays under the limit too. The limiter
            // takes no limit under -24 dB.
            filters.append(ffmpeg.resample(toHertz: 4 * StationAudio.framesPerSecond))
            filters.append("alimiter=limit=\(max(limitDbtp, -24))dB:attack=5:release=80:level=false:latency=true")
            filters.append(ffmpeg.resample(toHertz: StationAudio.framesPerSecond))
        }
        if let fade = edge { filters.append(fade) }
        filters.append("aresample=osf=s16:dither_method=triangular,\(FFmpeg.stationFormat(samples: "s16"))")
        filters.append("apad=whole_len=\(frames)")
        filters.append("atrim=end_sample=\(frames)")
        return filters.joined(separator: ",")
    }

    /// A cut or a seam with silence gets a fade of 20 ms, so that it does not click; a track of the right length
    /// keeps its own end. A resampler's odd frames are no cut.
    private var edge: String? {
        let has = StationAudio.frames(inSeconds: source.seconds)
        guard (has - frames).magnitude > 441 else { return nil }
        let length = 882
        return "afade=type=out:start_sample=\(max(0, min(has, frames) - length)):nb_samples=\(length)"
    }

    private func verifyFile() throws(BackendError) {
        let header: CanonicalHeader
        do throws(SystemError) {
            header = try CanonicalHeader(of: output)
        } catch { throw .file(path: output, why: error) }
        if let why = header.complaint(frames: frames) { throw .unexpectedOutput(path: output, why: why) }
    }
}
