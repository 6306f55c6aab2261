import Domain
import FoundationEssentials
import Platform
import Synchronization
import Testing

@testable import Backends

@Suite(.timeLimit(.minutes(5)))
struct OneTrackTests {
    private let ffmpeg: FFmpeg
    private let request = TrackRequest(
        prompt: Prompt(index: 3, name: "Monsoon Raga", text: "monsoon rain, santoor"), number: 1, positionInPrompt: 0,
        seconds: 6, seed: 5)

    init() throws { ffmpeg = try FFmpeg(searchPath: machinePath) }

    /// Renders the tests' melody, or fails as told.
    private struct Melody: MusicBackend {
        var name: String { "melody" }
        var failure: BackendError?
        var gain: Float = 1
        func describe() -> BackendDescription { BackendDescription(model: "melody") }
        func prepare(cancellation: Cancellation) {}
        func close() {}
        func render(
            _ requests: [TrackRequest], into directory: String, cancellation: Cancellation,
            progress: @Sendable (Double) -> Void, onTrack: (Int, Result<RenderedTrack, BackendError>) -> Void
        ) throws {
            for (place, request) in requests.enumerated() {
                progress(0.5)
                onTrack(place, .success(try render(request, into: directory)))
            }
        }
        private func render(_ request: TrackRequest, into directory: String) throws -> RenderedTrack {
            let file = try Material(directory: directory).floats(
                Material.melody(seconds: request.seconds, seed: request.seed, gain: gain))
            if let failure { throw failure }
            return RenderedTrack(
                file: file, title: "Monsoon Raga · 1",
                provenance: Provenance(backend: name, seed: request.seed, renderSeconds: 1))
        }
    }

    private func make(
        _ backend: any MusicBackend = Melody(), to file: String, in directory: String, overwrite: Bool = false,
        cancellation: Cancellation = Cancellation(), progress: @Sendable (Double, OneTrack.Phase) -> Void = { _, _ in }
    ) throws -> OneTrack.Made {
        try FileManager.default.createDirectory(atPath: "\(directory)/tmp", withIntermediateDirectories: true)
        return try OneTrack(backend: backend, ffmpeg: ffmpeg).make(
            request, file: file, overwrite: overwrite, temporaryDirectory: "\(directory)/tmp",
            cancellation: cancellation, progress: progress)
    }

    /// Nothing but `expected` is in the directory, and nothing in the temporary one.
    private func expectOnly(_ expected: [String], in directory: String) throws {
        let left = try names(in: directory)
        #expect(left == (expected + ["tmp"]).sorted())
        let temporary = try names(in: "\(directory)/tmp")
        #expect(temporary.isEmpty)
    }

    @Test(arguments: [
        ("wav", "pcm_s16le"), ("flac", "flac"), ("m4a", "aac"), ("mp3", "mp3"), ("ogg", "vorbis"), ("WAV", "pcm_s16le"),
    ])
    func `writes the format that the extension names`(kind: String, codec: String) throws {
        try withScratch { directory in
            let file = "\(directory)/my track.\(kind)"
            let made = try make(to: file, in: directory)
            try expectOnly(["my track.\(kind)"], in: directory)
            #expect(made.file == file && made.provenance.sha256?.count == 64)
            let probe = try ffmpeg.ffprobe.run([
                "-v", "error", "-select_streams", "a:0", "-show_entries",
                "stream=codec_name,sample_rate,channels,duration:stream_tags=title:format_tags=title", "-of",
                "default=nw=1", file,
            ]).stdoutText
            #expect(probe.contains("codec_name=\(codec)\n"))
            #expect(probe.contains("sample_rate=44100\nchannels=2\n"))
            #expect(probe.lowercased().contains("tag:title=monsoon raga · 1\n"))
            let duration = probe.split(separator: "\n").first { $0.hasPrefix("duration=") } ?? ""
            let seconds = try #require(Double(duration.dropFirst(9)))
            #expect((seconds - 6).magnitude < 0.06)
        }
    }

    @Test func `the synth's track is admitted as it is`() throws {
        try withScratch { directory in
            let made = try make(SynthBackend(clock: SystemClock()), to: "\(directory)/a.flac", in: directory)
            #expect(made.title == "Monsoon Raga · 1")
            #expect(made.provenance.backend == "synth")
            let loudness = try #require(made.provenance.loudnessLufs)
            #expect((loudness + 16).magnitude < 1)
        }
    }

    @Test func `progress grows from 0 to 1 through the phases`() throws {
        let seen = Mutex<[(Double, OneTrack.Phase)]>([])
        try withScratch { directory in
            _ = try make(to: "\(directory)/a.wav", in: directory) { part, phase in
                seen.withLock { $0.append((part, phase)) }
            }
        }
        let all = seen.withLock { $0 }
        #expect(all.first?.0 == 0 && all.last?.0 == 1)
        #expect(all.map(\.0) == all.map(\.0).sorted())
        let phases = all.map(\.1).reduce(into: [OneTrack.Phase]()) { if $0.last != $1 { $0.append($1) } }
        #expect(phases == [.preparing, .composing, .checking, .writing, .done])
    }

    @Test func `an existing file stays as it is unless told otherwise`() throws {
        try withScratch { directory in
            let file = "\(directory)/a.wav"
            try Data("precious".utf8).write(to: URL(filePath: file))
            let error = backendError { try make(to: file, in: directory) }
            #expect(error == .exists(path: file))
            #expect(try read(file) == Array("precious".utf8))
            _ = try make(to: file, in: directory, overwrite: true)
            #expect(try read(file).count > 1_000_000)
            try expectOnly(["a.wav"], in: directory)
        }
    }

    @Test func `a file that appears meanwhile is not overwritten either`() throws {
        try withScratch { directory in
            let file = "\(directory)/a.wav"
            let error = backendError {
                try make(to: file, in: directory) { _, phase in
                    if phase == .writing { try? Data("precious".utf8).write(to: URL(filePath: file)) }
                }
            }
            #expect(error == .exists(path: file))
            #expect(try read(file) == Array("precious".utf8))
            try expectOnly(["a.wav"], in: directory)
        }
    }

    @Test func `unknown extensions and directories are refused before anything is rendered`() throws {
        try withScratch { directory in
            let never = Melody(failure: .refused(.empty))
            for name in ["a.xyz", "wav", "a", ".d/a"] {
                let error = backendError { try make(never, to: "\(directory)/\(name)", in: directory) }
                #expect(
                    error
                        == .unknownExtension(
                            path: "\(directory)/\(name)", known: ["wav", "flac", "m4a", "mp3", "ogg"]))
            }
            let file = "\(directory)/nowhere/a.wav"
            let error = backendError { try make(never, to: file, in: directory) }
            guard case .file(path: file, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.description.contains("No such file or directory") == true)
        }
    }

    @Test func `whatever fails, nothing is left behind`() throws {
        try withScratch { directory in
            let file = "\(directory)/a.flac"
            let failed = backendError { try make(Melody(failure: .refused(.empty)), to: file, in: directory) }
            #expect(failed == .refused(.empty))
            try expectOnly([], in: directory)
            let quiet = backendError { try make(Melody(gain: 1e-4), to: file, in: directory) }
            #expect(quiet?.description.contains("too quiet") == true, "\(String(describing: quiet))")
            try expectOnly([], in: directory)
            let cancellation = Cancellation()
            let error = backendError {
                try make(to: file, in: directory, cancellation: cancellation) { _, phase in
                    if phase == .checking { cancellation.cancel() }
                }
            }
            #expect(error == .cancelled)
            try expectOnly([], in: directory)
        }
    }
}
