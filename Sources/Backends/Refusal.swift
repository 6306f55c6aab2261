/// Why a track may not enter the Buffer, in words with figures.
public enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    case notAudio(why: String)
    case cannotDecode(why: String)
    case empty
    case sampleRateTooLow(hertz: Int, lowestHertz: Int)
    case tooManyChannels(channels: Int, most: Int)
    case tooShort(seconds: Double, expectedSeconds: Double)
    case tooLong(seconds: Double, expectedSeconds: Double)
    case notNumbers(samples: Int)
    case silent
    case tooQuiet(lufs: Double, gainDb: Double, gainDbMax: Double)
    case silence(atSeconds: Double, seconds: Double, secondsMax: Double)
    case deadChannel(channel: Int, belowOthersDb: Double)
    case clipped(percentOfSamples: Double, percentMax: Double)
    case offset(percentOfPeak: Double, percentMax: Double)
    case loudnessOutOfReach(lufs: Double, targetLufs: Double, truePeakDbtp: Double)
    case nearDuplicate(of: String, bitErrorRate: Double, bitErrorRateMin: Double)

    /// True where the file is a track of its length, and its sound is what is wrong.
    var isAboutSound: Bool {
        switch self {
        case .notAudio, .cannotDecode, .empty, .sampleRateTooLow, .tooManyChannels, .tooShort, .tooLong, .notNumbers:
            false
        case .silent, .tooQuiet, .silence, .deadChannel, .clipped, .offset, .loudnessOutOfReach, .nearDuplicate: true
        }
    }

    public var description: String {
        switch self {
        case .notAudio(let why): "not an audio file (\(why))"
        case .cannotDecode(let why): "cannot be decoded (\(why))"
        case .empty: "holds no sound at all"
        case .sampleRateTooLow(let hertz, let lowest): "sample rate \(hertz) Hz, at least \(lowest) Hz wanted"
        case .tooManyChannels(let channels, let most): "\(channels) channels, at most \(most) can be mixed down"
        case .tooShort(let seconds, let expected): "too short: \(tenths(seconds)) s of \(tenths(expected)) s"
        case .tooLong(let seconds, let expected): "too long: \(tenths(seconds)) s instead of \(tenths(expected)) s"
        case .notNumbers(let samples): "\(samples) samples are not numbers (NaN or infinite)"
        case .silent: "silent from start to end"
        case .tooQuiet(let lufs, let gain, let most):
            "too quiet: \(tenths(lufs)) LUFS would need \(tenths(gain)) dB of gain, at most \(tenths(most)) dB is given"
        case .silence(let at, let seconds, let most):
            "silent for \(tenths(seconds)) s at \(tenths(at)) s, at most \(tenths(most)) s is let through"
        case .deadChannel(let channel, let below):
            "channel \(channel) is dead: \(tenths(below)) dB below the loudest one"
        case .clipped(let percent, let most):
            "clipped: \(thousandths(percent)) % of the samples lie flat at the peak, at most \(thousandths(most)) %"
        case .offset(let percent, let most):
            "DC offset of \(tenths(percent)) % of the peak, at most \(tenths(most)) %"
        case .loudnessOutOfReach(let lufs, let target, let peak):
            "cannot be brought to \(tenths(target)) LUFS under the peak ceiling: it comes out at \(tenths(lufs)) LUFS, "
                + "\(tenths(peak)) dBTP"
        case .nearDuplicate(let other, let rate, let least):
            "sounds like \(other): bit error rate \(thousandths(rate)), at least \(thousandths(least)) wanted"
        }
    }
}

private func tenths(_ value: Double) -> String { rounded(value, 10) }
private func thousandths(_ value: Double) -> String { rounded(value, 1000) }

private func rounded(_ value: Double, _ parts: Double) -> String {
    // Huge and non-finite values print as they are.
    guard value.magnitude < 1e12 else { return "\(value)" }
    return "\((value * parts).rounded() / parts)"
}
