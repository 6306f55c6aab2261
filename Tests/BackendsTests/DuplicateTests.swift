import FoundationEssentials
import Platform
import Testing

@testable import Backends

@Suite(.timeLimit(.minutes(5)))
struct DuplicateTests {
    private let ffmpeg: FFmpeg

    init() throws { ffmpeg = try FFmpeg(searchPath: machinePath) }

    private func admit(
        _ file: String, in directory: String, recent: RecentFingerprints, ffmpeg other: FFmpeg? = nil
    ) throws -> AdmittedTrack {
        try Admission(ffmpeg: other ?? ffmpeg).admit(
            file, seconds: 15, recent: recent, to: "\(directory)/admitted.wav", cancellation: Cancellation())
    }

    @Test func `a near-duplicate is refused by name, another melody is not`() throws {
        try #require(ffmpeg.hasChromaprint)
        try withScratch { directory in
            let material = Material(directory: directory)
            var recent = RecentFingerprints()
            let first = try admit(
                material.floats(Material.melody(seconds: 15, seed: 1)), in: directory, recent: recent)
            recent.add(first.fingerprint, label: "chunk 17")

            let second = try admit(
                material.floats(Material.melody(seconds: 15, seed: 2)), in: directory, recent: recent)
            recent.add(second.fingerprint, label: "chunk 18")

            let again = try material.melody(
                seconds: 15, seed: 1, ["-af", "adelay=200:all=1,volume=-9dB", "-t", "15", "-b:a", "96k"], as: "a.mp3")
            let error = backendError { try admit(again, in: directory, recent: recent) }
            guard case .refused(.nearDuplicate(of: "chunk 17", let rate, _))? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(rate < 0.1)
        }
    }

    @Test func `without chromaprint and soxr it is said and everything else goes on`() throws {
        try withScratch { directory in
            let poor = FFmpeg(ffmpeg, hasSoxr: false, hasChromaprint: false)
            #expect(poor.notices.count == 2)
            #expect(poor.notices.first?.contains("without chromaprint: near-duplicate") == true)
            let file = try Material(directory: directory).melody(
                seconds: 15, ["-ar", "32000", "-ac", "1"], as: "a.wav")
            let track = try admit(file, in: directory, recent: RecentFingerprints(), ffmpeg: poor)
            #expect(track.fingerprint == nil)
            #expect((track.measurements.loudnessLufs + 16).magnitude < 0.5)
        }
    }

    @Test func `the bit error rate is 0 for the same, finds a shift, and needs enough to tell`() throws {
        var state: UInt64 = 7
        func words(_ count: Int) -> [UInt32] {
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt32(state >> 32)
            }
        }
        let base = words(400)
        let one = Fingerprint(words: base)
        #expect(one.bitErrorRate(to: one) == 0)
        #expect(one.bitErrorRate(to: Fingerprint(words: Array(base.dropFirst(13)))) == 0)
        #expect(Fingerprint(words: Array(base.dropFirst(13))).bitErrorRate(to: one) == 0)
        let other = try #require(one.bitErrorRate(to: Fingerprint(words: words(400))))
        #expect((other - 0.5).magnitude < 0.03)
        #expect(one.bitErrorRate(to: Fingerprint(words: Array(base.prefix(10)))) == nil)
    }

    @Test func `no more fingerprints are remembered than asked for`() {
        var recent = RecentFingerprints(capacity: 2)
        for number in 1...5 { recent.add(Fingerprint(words: [UInt32(number)]), label: "chunk \(number)") }
        recent.add(nil, label: "chunk 6")
        #expect(recent.entries.map(\.label) == ["chunk 4", "chunk 5"])
    }

    @Test func `raw bytes are little-endian words`() {
        #expect(Fingerprint(raw: [1, 0, 0, 0, 0xff, 0, 0, 0x80, 9]).words == [1, 0x8000_00ff])
    }
}
