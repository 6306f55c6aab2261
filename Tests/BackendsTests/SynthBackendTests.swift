import Domain
import Platform
import Testing

@testable import Backends

struct SynthBackendTests {
    private func request(seconds: Double = 3, seed: UInt64 = 9) -> TrackRequest {
        TrackRequest(
            prompt: Prompt(index: 3, name: "Monsoon Raga", text: "monsoon rain, santoor"), number: 181,
            positionInPrompt: 16, seconds: seconds, seed: seed)
    }

    @Test func `renders a float WAV of exactly the frames asked for, with title and provenance`() throws {
        try withScratch { directory in
            let track = try SynthBackend(clock: ManualClock()).generate(
                request(), into: directory, cancellation: Cancellation(), progress: { _ in })
            #expect(track.title == "Monsoon Raga · 17")
            #expect(track.file == "\(directory)/synth_181.wav")
            #expect(track.provenance.backend == "synth" && track.provenance.seed == 9)
            #expect(track.provenance.licence == nil)
            let probe = try Tool("ffprobe", searchPath: machinePath, package: "ffmpeg").run([
                "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels,duration_ts", "-of", "csv=p=0",
                track.file,
            ])
            #expect(probe.stdoutText == "pcm_f32le,44100,2,132300\n")
        }
    }

    @Test func `the same request gives the same bytes, another seed others`() throws {
        try withScratch { directory in
            let backend = SynthBackend(clock: ManualClock())
            func bytes(_ seed: UInt64) throws -> [UInt8] {
                try read(
                    backend.generate(
                        request(seed: seed), into: directory, cancellation: Cancellation(), progress: { _ in }
                    ).file)
            }
            let one = try bytes(1)
            #expect(try bytes(1) == one)
            #expect(try bytes(2) != one)
        }
    }

    @Test func `a cancelled rendering leaves no file`() throws {
        try withScratch { directory in
            let cancellation = Cancellation()
            cancellation.cancel()
            let error = backendError {
                try SynthBackend(clock: ManualClock()).generate(
                    request(), into: directory, cancellation: cancellation, progress: { _ in })
            }
            #expect(error == .cancelled)
            let left = try names(in: directory)
            #expect(left.isEmpty)
        }
    }

    @Test func `a directory that is not there is named`() {
        let error = backendError {
            try SynthBackend(clock: ManualClock()).generate(
                request(seconds: 0.1), into: "/nonexistent", cancellation: Cancellation(), progress: { _ in })
        }
        #expect(error?.description.contains("/nonexistent/synth_181.wav: ") == true)
    }
}
