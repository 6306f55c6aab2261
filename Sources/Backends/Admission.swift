internal import Domain
internal import Glibc
internal import Platform

/// The door of the Buffer: takes any audio file, refuses it in words or makes the station's canonical file of it.
///
/// A source is decoded once to be measured (twice when its level is absurd) and once more to be normalised with one
/// linear gain. The limiter works only on a track whose true peak would pass the ceiling; then normalising may
/// take a few turns. What counts at the end is measured on the canonical sound itself.
public struct Admission: Sendable {
    private let ffmpeg: FFmpeg
    private let rules: AdmissionRules

    public init(ffmpeg: FFmpeg, rules: AdmissionRules = AdmissionRules()) {
        self.ffmpeg = ffmpeg
        self.rules = rules
    }

    /// Checks `file` and writes its canonical form to `output`. Leaves no output behind when it throws, and never
    /// touches `file`.
    /// - Parameters:
    ///   - seconds: the length the canonical file has to the frame.
    ///   - recent: the tracks that this one must not repeat.
    ///   - output: made or overwritten; 44.1 kHz stereo 16-bit WAV whatever its name.
    /// - Throws: `.refused` where the track is at fault; `.cancelled`; anything else is the machine's fault.
    public func admit(
        _ file: String, seconds: Double, recent: RecentFingerprints = RecentFingerprints(), to output: String,
        cancellation: Cancellation, progress: (Double) -> Void = { _ in }
    ) throws(BackendError) -> AdmittedTrack {
        guard access(file, R_OK) == 0 else { throw .file(path: file, why: SystemError("read")) }
        let source = try SourceMeter(ffmpeg: ffmpeg, rules: rules, file: file, seconds: seconds)
            .measure(cancellation: cancellation)
        progress(0.3)
        do throws(BackendError) {
            let normaliser = Normaliser(
                ffmpeg: ffmpeg, rules: rules, source: source, frames: StationAudio.frames(inSeconds: seconds),
                output: output)
            let sound = try normaliser.normalise(cancellation: cancellation)
            progress(0.9)
            try refuseSilence(sound, seconds: seconds)
            let fingerprint = ffmpeg.hasChromaprint ? Fingerprint(raw: sound.fingerprint) : nil
            try refuseDuplicate(fingerprint, recent)
            let sha256 = try ffmpeg.sha256(ofFile: output, cancellation: cancellation)
            progress(1)
            return AdmittedTrack(
                file: output, frames: StationAudio.frames(inSeconds: seconds),
                measurements: Measurements(
                    sourceSeconds: source.seconds, sourceHertz: source.hertz, sourceChannels: source.channels,
                    sourceLufs: source.lufs, sourceTruePeakDbtp: source.truePeakDbtp, gainDb: sound.gainDb,
                    limited: sound.limited, loudnessLufs: sound.lufs, truePeakDbtp: sound.truePeakDbtp,
                    longestSilenceSeconds: sound.longestSilence?.seconds ?? 0),
                sha256: sha256, fingerprint: fingerprint)
        } catch {
            unlink(output)
            throw error
        }
    }

    private func refuseSilence(_ sound: Normaliser.Sound, seconds: Double) throws(BackendError) {
        guard let silence = sound.longestSilence, silence.seconds > rules.silenceSecondsMax else { return }
        throw .refused(
            .silence(atSeconds: silence.at, seconds: silence.seconds, secondsMax: rules.silenceSecondsMax))
    }

    private func refuseDuplicate(_ fingerprint: Fingerprint?, _ recent: RecentFingerprints) throws(BackendError) {
        guard let fingerprint, let other = recent.closest(to: fingerprint),
            other.bitErrorRate < rules.duplicateBitErrorRate
        else { return }
        throw .refused(
            .nearDuplicate(
                of: other.label, bitErrorRate: other.bitErrorRate, bitErrorRateMin: rules.duplicateBitErrorRate))
    }
}
