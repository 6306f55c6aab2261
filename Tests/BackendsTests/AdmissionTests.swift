import Domain
import FoundationEssentials
import Platform
import Testing

@testable import Backends

@Suite(.timeLimit(.minutes(5)))
struct AdmissionTests {
    private let ffmpeg: FFmpeg
    private let seconds = 8.0

    init() throws { ffmpeg = try FFmpeg(searchPath: machinePath) }

    private func admit(
        _ file: String, in directory: String, seconds: Double? = nil, recent: RecentFingerprints = RecentFingerprints(),
        rules: AdmissionRules = AdmissionRules()
    ) throws -> AdmittedTrack {
        try Admission(ffmpeg: ffmpeg, rules: rules).admit(
            file, seconds: seconds ?? self.seconds, recent: recent, to: "\(directory)/admitted.wav",
            cancellation: Cancellation())
    }

    /// The refusal of `make`'s file, after a look that nothing was left behind.
    private func refusal(seconds: Double? = nil, _ make: (Material) throws -> String) throws -> Refusal? {
        try withScratch { directory in
            let file = try make(Material(directory: directory))
            let before = try read(file)
            let error = backendError { try admit(file, in: directory, seconds: seconds) }
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/admitted.wav"))
            let after = try read(file)
            #expect(after == before, "the source was touched")
            guard case .refused(let refusal)? = error else {
                Issue.record("not refused but: \(String(describing: error))")
                return nil
            }
            return refusal
        }
    }

    /// Admits `make`'s file and holds the result against the canonical form with tools of its own.
    @discardableResult
    private func admitted(seconds: Double? = nil, _ make: (Material) throws -> String) throws -> AdmittedTrack {
        try withScratch { directory in
            let wanted = seconds ?? self.seconds
            let track = try admit(try make(Material(directory: directory)), in: directory, seconds: wanted)
            let frames = StationAudio.frames(inSeconds: wanted)
            #expect(track.frames == frames)
            #expect(try read(track.file).count == 44 + 4 * frames)
            let probe = try ffmpeg.ffprobe.run([
                "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels,duration_ts", "-of", "csv=p=0",
                track.file,
            ])
            #expect(probe.stdoutText == "pcm_s16le,44100,2,\(frames)\n")

            // loudnorm has a meter of its own, in JSON and with hundredths.
            let said = try ffmpeg.ffmpeg.run([
                "-hide_banner", "-nostats", "-i", track.file, "-af", "loudnorm=print_format=json", "-f", "null", "-",
            ]).stderrText
            let start = try #require(said.lastIndex(of: "{"))
            let values = try JSONDecoder().decode([String: String].self, from: Data(said[start...].utf8))
            let loudness = try #require(Double(values["input_i"] ?? ""))
            let peak = try #require(Double(values["input_tp"] ?? ""))
            #expect((loudness + 16).magnitude < 1, "\(loudness) LUFS")
            #expect(peak <= -1.4, "\(peak) dBTP")
            #expect((track.measurements.loudnessLufs - loudness).magnitude < 0.2)
            return track
        }
    }

    private func loudest(_ samples: ArraySlice<Int16>) -> UInt16 { samples.map(\.magnitude).max() ?? 0 }

    // MARK: Admitted

    @Test func `a plain float track becomes canonical with one linear gain`() throws {
        let track = try admitted { try $0.floats(Material.melody(seconds: 8)) }
        #expect(track.measurements.sourceHertz == 44_100 && track.measurements.sourceChannels == 2)
        #expect(!track.measurements.limited)
        #expect(track.measurements.sourceSeconds == 8)
        #expect((track.measurements.sourceLufs + track.measurements.gainDb + 16).magnitude < 0.01)
    }

    @Test func `the gain is linear, the samples keep their places`() throws {
        try withScratch { directory in
            let source = Material.melody(seconds: 8)
            let file = try Material(directory: directory).floats(source)
            let track = try admit(file, in: directory)
            let left = try canonicalSamples(track.file).left
            var crossed = 0.0
            var squared = 0.0
            for frame in left.indices {
                crossed += Double(left[frame]) / 32768 * Double(source[2 * frame])
                squared += Double(source[2 * frame]) * Double(source[2 * frame])
            }
            let gain = crossed / squared
            let worst = left.indices.map { (Double(left[$0]) / 32768 - gain * Double(source[2 * $0])).magnitude }.max()
            // Two steps of 16 bits: rounding and triangular dither, and nothing else.
            #expect(try #require(worst) < 2.01 / 32768)
        }
    }

    @Test(arguments: [
        (["-ac", "1", "-ar", "32000", "-c:a", "pcm_s16le"], "mono.wav", 32_000, 1),
        (["-ar", "96000", "-c:a", "pcm_s24le"], "high.wav", 96_000, 2),
        (["-ac", "8", "-c:a", "flac"], "many.flac", 44_100, 8),
        (["-c:a", "libmp3lame", "-q:a", "2"], "lossy.mp3", 44_100, 2),
        (["-c:a", "aac", "-b:a", "192k"], "lossy.m4a", 44_100, 2),
        (["-ar", "48000", "-c:a", "libvorbis"], "lossy.ogg", 48_000, 2),
    ])
    func `other rates, channels and codecs are brought to the canonical form`(
        arguments: [String], name: String, hertz: Int, channels: Int
    ) throws {
        let track = try admitted { try $0.melody(seconds: 8, arguments, as: name) }
        #expect(track.measurements.sourceHertz == hertz && track.measurements.sourceChannels == channels)
    }

    @Test(arguments: [Float(1e6), 40, 0.02])
    func `hugely loud and very quiet floats come out at the same loudness`(gain: Float) throws {
        let track = try admitted { try $0.floats(Material.melody(seconds: 8, gain: gain)) }
        #expect((track.measurements.gainDb < 0) == (gain > 1))
        #expect(!track.measurements.limited)
    }

    @Test(arguments: [Float(0.25), 0.95])
    func `peaks over the ceiling are limited, a little or a lot`(strength: Float) throws {
        let track = try admitted { material in
            var samples = Material.melody(seconds: 8, gain: 0.2)
            // Four drum strokes of 2 ms above the rest.
            for second in [1, 3, 5, 7] {
                for frame in 0..<88 {
                    let stroke = Float(frame < 44 ? frame : 88 - frame) / 44
                    samples[2 * (second * 44_100 + frame)] += strength * stroke
                    samples[2 * (second * 44_100 + frame) + 1] -= strength * stroke
                }
            }
            return try material.floats(samples)
        }
        #expect(track.measurements.limited)
        #expect(track.measurements.truePeakDbtp <= -1.45)
    }

    @Test func `a little too short is filled with silence, a little too long is faded at the cut`() throws {
        try withScratch { directory in
            let material = Material(directory: directory)
            let tone = { (seconds: Double) in
                ["-f", "lavfi", "-i", "sine=f=300:r=44100:d=\(seconds)", "-ac", "2", "-c:a", "pcm_s16le"]
            }
            try material.ffmpeg(tone(7.6), as: "short.wav")
            let short = try canonicalSamples(admit("\(directory)/short.wav", in: directory).file).left
            #expect(short.count == 352_800)
            #expect(loudest(short[340_000...]) <= 1)
            #expect(loudest(short[..<330_000]) > 2000)

            try material.ffmpeg(tone(8.4), as: "long.wav")
            let long = try canonicalSamples(admit("\(directory)/long.wav", in: directory).file).left
            #expect(long.count == 352_800)
            #expect(loudest(long.suffix(4)) < 40)
            #expect(loudest(long[351_000..<351_900]) > 2000)
        }
    }

    @Test func `the same source gives the same bytes and their checksum`() throws {
        try withScratch { directory in
            let file = try Material(directory: directory).floats(Material.melody(seconds: 8))
            let one = try admit(file, in: directory)
            let bytes = try read(one.file)
            let two = try admit(file, in: directory)
            #expect(try read(two.file) == bytes)
            #expect(one.sha256 == two.sha256)
            let said = try Tool("sha256sum", searchPath: machinePath).run([one.file]).stdoutText
            #expect(said.hasPrefix(one.sha256 + " "))
            let provenance = one.complete(Provenance(backend: "synth", seed: 1, renderSeconds: 2))
            #expect(provenance.sha256 == one.sha256 && provenance.loudnessLufs == one.measurements.loudnessLufs)
        }
    }

    @Test func `odd names are files, not options or addresses`() throws {
        try withScratch { directory in
            let material = Material(directory: directory)
            for name in ["-y", "concat:a|b", "it's 100% [odd];\\ नाम.wav"] {
                let file = try material.floats(Material.melody(seconds: 2), as: name)
                #expect(try admit(file, in: directory, seconds: 2).frames == 88_200)
            }
        }
    }

    // MARK: Refused

    @Test func `what is no audio is refused with ffmpeg's reason`() throws {
        let refused = try refusal {
            try Data("not music at all".utf8).write(to: URL(filePath: "\($0.directory)/a.wav"))
            return "\($0.directory)/a.wav"
        }
        guard case .notAudio(let why)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(why.contains("Invalid data"))
        let empty = try refusal {
            try Data().write(to: URL(filePath: "\($0.directory)/b.wav"))
            return "\($0.directory)/b.wav"
        }
        guard case .notAudio? = empty else {
            Issue.record("\(String(describing: empty))")
            return
        }
        let picture = try refusal {
            try $0.ffmpeg(["-f", "lavfi", "-i", "color=red:s=16x16", "-frames:v", "1"], as: "c.png")
            return "\($0.directory)/c.png"
        }
        #expect(picture == .notAudio(why: "it has no audio stream"))
    }

    @Test func `a damaged stream cannot be decoded`() throws {
        let refused = try refusal { material in
            let file = try material.melody(seconds: 8, ["-c:a", "flac"], as: "a.flac")
            var bytes = try read(file)
            for place in (bytes.count / 2)..<(bytes.count / 2 + 4000) { bytes[place] = 0x55 }
            try Data(bytes).write(to: URL(filePath: file))
            return file
        }
        guard case .cannotDecode? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
    }

    @Test(arguments: ["wav", "mp3", "ogg"])
    func `a truncated file is too short`(kind: String) throws {
        let refused = try refusal { material in
            let file = try material.melody(seconds: 8, [], as: "a.\(kind)")
            let bytes = try read(file)
            try Data(bytes.prefix(bytes.count * 6 / 10)).write(to: URL(filePath: file))
            return file
        }
        switch refused {
        case .tooShort(let seconds, 8)?: #expect(seconds > 4 && seconds < 6)
        case .cannotDecode?: break  // where the codec notices the cut itself
        default: Issue.record("\(String(describing: refused))")
        }
    }

    @Test func `an m4a without its index cannot be read`() throws {
        let refused = try refusal { material in
            let file = try material.melody(seconds: 8, [], as: "a.m4a")
            let bytes = try read(file)
            try Data(bytes.prefix(bytes.count * 6 / 10)).write(to: URL(filePath: file))
            return file
        }
        guard case .notAudio? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
    }

    @Test func `the length may miss by half a second or two per cent, no more`() throws {
        let short = try refusal { try $0.floats(Material.melody(seconds: 7.4)) }
        #expect(short == .tooShort(seconds: 7.4, expectedSeconds: 8))
        let long = try refusal { try $0.floats(Material.melody(seconds: 8.6)) }
        #expect(long == .tooLong(seconds: 8.6, expectedSeconds: 8))
        let rules = AdmissionRules()
        #expect(rules.allowsLength(58.8, expected: 60) && !rules.allowsLength(58.7, expected: 60))
        #expect(rules.allowsLength(61.2, expected: 60) && !rules.allowsLength(61.3, expected: 60))
    }

    @Test func `an endless file is not decoded to its end`() throws {
        let started = SystemClock().monotonicSeconds
        let refused = try refusal { material in
            try material.ffmpeg(["-f", "lavfi", "-i", "sine=d=3600:r=16000", "-c:a", "flac"], as: "a.flac")
            return "\(material.directory)/a.flac"
        }
        guard case .tooLong(let seconds, 8)? = refused else {
            Issue.record("\(String(describing: refused)) after \(SystemClock().monotonicSeconds - started) s")
            return
        }
        #expect(seconds < 12)
    }

    @Test func `numbers that are none are refused with their count`() throws {
        let refused = try refusal { material in
            var samples = Material.melody(seconds: 8)
            for place in 100_000..<100_003 { samples[place] = .nan }
            samples[200_000] = .infinity
            return try material.floats(samples)
        }
        #expect(refused == .notNumbers(samples: 4))
    }

    @Test func `silence is refused, all of it and a long stretch`() throws {
        let all = try refusal { try $0.floats([Float](repeating: 0, count: 2 * 44_100 * 8)) }
        #expect(all == .silent)
        let refused = try refusal { material in
            var samples = Material.melody(seconds: 8)
            for place in (2 * 66_150)..<(2 * 264_600) { samples[place] = 0 }
            return try material.floats(samples)
        }
        guard case .silence(let at, let seconds, 4)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect((at - 1.5).magnitude < 0.3 && (seconds - 4.5).magnitude < 0.3)
    }

    @Test func `a silent end counts as well`() throws {
        let refused = try refusal { material in
            var samples = Material.melody(seconds: 8)
            for place in (2 * 44_100 * 3)..<samples.count { samples[place] = 0 }
            return try material.floats(samples)
        }
        guard case .silence(_, let seconds, 4)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect((seconds - 5).magnitude < 0.3)
    }

    @Test func `noise that would have to be brought up is refused`() throws {
        let refused = try refusal { try $0.floats(Material.melody(seconds: 8, gain: 1e-4)) }
        guard case .tooQuiet(let lufs, let gain, 40)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(lufs < -90 && (lufs + gain + 16).magnitude < 0.01)
    }

    @Test func `clipping is refused, at full scale and turned down afterwards`() throws {
        for scale in [Float(1), 0.25] {
            let refused = try refusal { material in
                try material.floats(Material.melody(seconds: 8, gain: 6).map { max(-1, min(1, $0)) * scale })
            }
            guard case .clipped(let percent, 0.1)? = refused else {
                Issue.record("\(String(describing: refused))")
                return
            }
            #expect(percent > 1)
        }
    }

    @Test func `a DC offset is refused`() throws {
        let refused = try refusal { try $0.floats(Material.melody(seconds: 8).map { $0 + 0.1 }) }
        guard case .offset(let percent, 3)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(percent > 10)
    }

    @Test func `a dead channel is refused by its number`() throws {
        let refused = try refusal { material in
            var samples = Material.melody(seconds: 8)
            for place in stride(from: 1, to: samples.count, by: 2) { samples[place] *= 1e-4 }
            return try material.floats(samples)
        }
        guard case .deadChannel(2, _)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
    }

    @Test func `a telephone's rate is refused`() throws {
        let refused = try refusal { try $0.melody(seconds: 8, ["-ar", "8000"], as: "a.wav") }
        #expect(refused == .sampleRateTooLow(hertz: 8000, lowestHertz: 16_000))
    }
}
