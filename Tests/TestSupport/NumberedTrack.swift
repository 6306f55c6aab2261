import Domain
import Glibc
public import Platform

/// A track whose sound is a piece of the numbered signal.
public enum NumberedTrack {
    /// Writes the frames of `indices` as a WAV file (44.1 kHz, stereo, 16 bits), in bounded memory.
    public static func write(_ indices: Range<Int>, to path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        try file.write(all: wavHeader(dataBytes: indices.count * StationAudio.bytesPerFrame))
        var next = indices.lowerBound
        while next < indices.upperBound {
            let count = min(65_536, indices.upperBound - next)
            try file.write(all: pcmBytes(NumberedSignal.frames(from: next, count: count)))
            next += count
        }
    }

    /// The 44 bytes in front of `dataBytes` of the station's PCM.
    public static func wavHeader(dataBytes: Int) -> [UInt8] {
        let rate = StationAudio.framesPerSecond
        let frame = StationAudio.bytesPerFrame
        return Array("RIFF".utf8) + little(36 + dataBytes, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(1, 2)
            + little(StationAudio.channels, 2) + little(rate, 4) + little(rate * frame, 4) + little(frame, 2)
            + little(16, 2) + Array("data".utf8) + little(dataBytes, 4)
    }

    /// Interleaved samples as bytes, low byte first.
    public static func pcmBytes(_ samples: [Int16]) -> [UInt8] {
        samples.map(\.littleEndian).withUnsafeBytes { Array($0) }
    }

    private static func little(_ value: Int, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
